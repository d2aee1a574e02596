/** Values of the Document API, as `src/stores/ydb` writes them. */
import type { Item, AttributeValue } from '../../stores/ydb/items.js';

export type { Item, AttributeValue };

/** Orders two values of one type; `undefined` when they cannot be compared. Numbers travel as text. */
export function compare(a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined {
  if (a?.N !== undefined && b?.N !== undefined) return Number(a.N) - Number(b.N);
  if (a?.S !== undefined && b?.S !== undefined) return a.S < b.S ? -1 : a.S > b.S ? 1 : 0;
  if (a?.BOOL !== undefined && b?.BOOL !== undefined) return Number(a.BOOL) - Number(b.BOOL);
  return undefined;
}
