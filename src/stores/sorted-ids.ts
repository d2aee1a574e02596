/** A set of ids that knows its order, so that a listing can continue behind any id, whether it is still there or not. */
export interface SortedIds {
  readonly size: number;
  add(id: string): void;
  delete(id: string): void;
  has(id: string): boolean;
  /** The ids behind `after`, in order; all of them without it. */
  behind(after: string | undefined): Iterable<string>;
}

export function createSortedIds(): SortedIds {
  const ids: string[] = [];

  /** Index of the first id that is not smaller than `id`. */
  function indexOf(id: string): number {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ids[middle] as string) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get size() {
      return ids.length;
    },
    has: (id) => ids[indexOf(id)] === id,
    add(id) {
      const index = indexOf(id);
      if (ids[index] !== id) ids.splice(index, 0, id);
    },
    delete(id) {
      const index = indexOf(id);
      if (ids[index] === id) ids.splice(index, 1);
    },
    *behind(after) {
      let index = after === undefined ? 0 : indexOf(after);
      if (ids[index] === after) index++;
      for (; index < ids.length; index++) yield ids[index] as string;
    },
  };
}
