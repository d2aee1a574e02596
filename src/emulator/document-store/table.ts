import type { Item } from './values.js';

/** Items of one table in memory, by partition key and, in order, by sort key. */
export interface Table {
  /** The attribute that says, in Unix seconds, when an item may be deleted; set by UpdateTimeToLive. */
  expiryAttribute: string | undefined;
  get(partition: string, sort: string): Item | undefined;
  /** `undefined` deletes. */
  set(partition: string, sort: string, item: Item | undefined): void;
  /** The items of a partition behind a sort key, if one is given, in order or against it. */
  items(partition: string, backwards: boolean, behind: string | undefined): Iterable<Item>;
}

interface Partition {
  readonly items: Map<string, Item>;
  /** In the order of UTF-16; another one than that of the bytes, but for every query the same. */
  readonly sorts: string[];
}

/** Writes between two looks for items that may be deleted. */
const WRITES_PER_SWEEP = 1000;

export function createTable(now: () => number): Table {
  const partitions = new Map<string, Partition>();
  let writes = 0;

  function put(partition: string, sort: string, item: Item): void {
    const { items, sorts } = partitions.get(partition) ?? open(partition);
    if (!items.has(sort)) sorts.splice(positionOf(sorts, sort), 0, sort);
    items.set(sort, item);
  }

  function open(partition: string): Partition {
    const opened = { items: new Map<string, Item>(), sorts: [] };
    partitions.set(partition, opened);
    return opened;
  }

  function remove(partition: string, sort: string): void {
    const found = partitions.get(partition);
    if (found?.items.delete(sort) !== true) return;
    found.sorts.splice(positionOf(found.sorts, sort), 1);
    if (found.sorts.length === 0) partitions.delete(partition);
  }

  function sweep(attribute: string): void {
    const second = now() / 1000;
    for (const [partition, { items }] of partitions) {
      for (const [sort, item] of items) if (Number(item[attribute]?.N) < second) remove(partition, sort);
    }
  }

  const table: Table = {
    expiryAttribute: undefined,
    get: (partition, sort) => partitions.get(partition)?.items.get(sort),
    set(partition, sort, item) {
      if (item === undefined) remove(partition, sort);
      else put(partition, sort, item);
      if (++writes % WRITES_PER_SWEEP === 0 && table.expiryAttribute !== undefined)
        sweep(table.expiryAttribute);
    },
    *items(partition, backwards, behind) {
      const { items, sorts } = partitions.get(partition) ?? { items: new Map<string, Item>(), sorts: [] };
      const start = behind === undefined ? (backwards ? sorts.length : 0) : positionOf(sorts, behind);
      const isThere = behind !== undefined && sorts[start] === behind;
      const step = backwards ? -1 : 1;
      for (let at = backwards ? start - 1 : start + Number(isThere); sorts[at] !== undefined; at += step) {
        yield items.get(sorts[at] as string) as Item;
      }
    },
  };
  return table;
}

/** Index of the first key that is not smaller. */
function positionOf(sorts: readonly string[], sort: string): number {
  let [low, high] = [0, sorts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorts[middle] as string) >= sort) high = middle;
    else low = middle + 1;
  }
  return low;
}
