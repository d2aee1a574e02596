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

/** An attribute by a name of the client's, who may call it `constructor` or `__proto__`. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** Sets an attribute, whatever it is called. */
export function setAttribute(item: Item, name: string, value: AttributeValue): void {
  Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Bytes of an item: its names and values in UTF-8. */
export function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value),
    0,
  );
}

function valueSize({ S: text, N: number, SS: set = [] }: AttributeValue): number {
  const texts = [text, number, ...set].filter((one) => one !== undefined);
  // A boolean takes a byte.
  return texts.reduce((sum, one) => sum + Buffer.byteLength(one), Number(texts.length === 0));
}
