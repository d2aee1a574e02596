/** Runs `task` for 0, 1, 2 … until one of them returns false, `underWay` at a time. */
export async function inFlight(underWay: number, task: (index: number) => Promise<boolean>): Promise<void> {
  let next = 0;
  let isOver = false;
  const worker = async (): Promise<void> => {
    while (!isOver) {
      if (!(await task(next++))) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: underWay }, worker));
}

/** Runs `task` for each number below `count`. */
export async function forEach(
  count: number,
  underWay: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  await inFlight(underWay, async (index) => {
    if (index >= count) return false;
    await task(index);
    return true;
  });
}
