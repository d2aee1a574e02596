/**
 * A set of ids that knows its order, so that a listing can continue behind any id, whether it is still there
 * or not.
 */
export interface SortedIds {
  readonly size: number;
  add(id: string): void;
  delete(id: string): void;
  /** The ids behind `after`, in order; all of them without it. */
  behind(after: string | undefined): Iterable<string>;
}

/**
 * Longest array that an id is inserted into: in one long array, each insertion would move half of all the
 * others.
 */
const MAX_CHUNK = 512;

export function createSortedIds(): SortedIds {
  /** Sorted arrays, one behind the other; none is empty but the only one of an empty set. */
  const chunks: string[][] = [[]];
  let size = 0;

  /** The chunk that an id belongs into: the first whose last id is not smaller, or the last chunk. */
  function chunkOf(id: string): number {
    return firstIndex(chunks.length - 1, (index) => (chunks[index]?.at(-1) ?? '') >= id);
  }

  function split(index: number, chunk: string[]): void {
    chunks.splice(index + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  return {
    get size() {
      return size;
    },
    add(id) {
      const at = chunkOf(id);
      const chunk = chunks[at] as string[];
      const index = positionIn(chunk, id);
      if (chunk[index] === id) return;
      chunk.splice(index, 0, id);
      size++;
      if (chunk.length > MAX_CHUNK) split(at, chunk);
    },
    delete(id) {
      const at = chunkOf(id);
      const chunk = chunks[at] as string[];
      const index = positionIn(chunk, id);
      if (chunk[index] !== id) return;
      chunk.splice(index, 1);
      size--;
      if (chunk.length === 0 && chunks.length > 1) chunks.splice(at, 1);
    },
    *behind(after) {
      const first = after === undefined ? 0 : chunkOf(after);
      for (let at = first; at < chunks.length; at++) {
        const chunk = chunks[at] as string[];
        let index = at > first || after === undefined ? 0 : positionIn(chunk, after);
        if (chunk[index] === after) index++;
        for (; index < chunk.length; index++) yield chunk[index] as string;
      }
    },
  };
}

/** Index of the first id that is not smaller than `id`. */
function positionIn(ids: readonly string[], id: string): number {
  return firstIndex(ids.length, (index) => (ids[index] as string) >= id);
}

/** The first index below `end` from which on `holds`, or `end`. */
function firstIndex(end: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
