/** The smallest first. Of equals, the one that was put in first. */
export interface Heap<T> {
  readonly size: number;
  push(priority: number, value: T): void;
  /** Of what is in it; `undefined` when nothing is. */
  pop(): { readonly priority: number; readonly value: T } | undefined;
}

interface Entry<T> {
  readonly priority: number;
  readonly order: number;
  readonly value: T;
}

export function createHeap<T>(): Heap<T> {
  const entries: Entry<T>[] = [];
  let pushed = 0;

  function isBefore(a: number, b: number): boolean {
    const [one, other] = [entries[a] as Entry<T>, entries[b] as Entry<T>];
    return one.priority < other.priority || (one.priority === other.priority && one.order < other.order);
  }

  function swap(a: number, b: number): void {
    [entries[a], entries[b]] = [entries[b] as Entry<T>, entries[a] as Entry<T>];
  }

  function rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  }

  function sink(): void {
    for (let at = 0; ;) {
      let smallest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < entries.length && isBefore(child, smallest)) smallest = child;
      }
      if (smallest === at) return;
      swap(at, smallest);
      at = smallest;
    }
  }

  return {
    get size() {
      return entries.length;
    },
    push(priority, value) {
      entries.push({ priority, order: pushed++, value });
      rise(entries.length - 1);
    },
    pop() {
      const [first] = entries;
      const last = entries.pop();
      if (first === undefined || last === undefined) return undefined;
      if (entries.length > 0) {
        entries[0] = last;
        sink();
      }
      return first;
    },
  };
}
