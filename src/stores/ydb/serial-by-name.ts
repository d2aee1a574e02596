/** Does what is asked for one name one after the other, and for different names side by side. */
export type SerialByName = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function createSerialByName(): SerialByName {
  const latest = new Map<string, Promise<unknown>>();

  return (name, work) => {
    const before = latest.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    latest.set(name, settled);
    void settled.then(() => {
      if (latest.get(name) === settled) latest.delete(name);
    });
    return turn;
  };
}
