/** Which schemas make values that arrive as something else, since messages travel as JSON. */
import type { $ZodTypes } from 'zod/v4/core';
import { isSchema, isZod, type StandardSchema } from './standard-schema.js';

/** Values that JSON cannot carry, or turns into something else. */
type NotJson =
  | bigint
  | symbol
  | Date
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBuffer
  | ArrayBufferView
  | ((...values: never[]) => unknown);

/** How deep types are searched: those that refer to themselves have no end. */
type Deeper = [never, 0, 1, 2, 3, 4, 5];

/**
 * `true`, or a union with it, when a value of type `T` may hold what does not survive JSON; as deep as is
 * looked.
 */
type HoldsNotJson<T, Depth extends number = 6> = [Depth] extends [never]
  ? false
  : unknown extends T
    ? false
    : T extends string | number | boolean | null | undefined
      ? false
      : T extends NotJson
        ? true
        : T extends readonly (infer Item)[]
          ? HoldsNotJson<Item, Deeper[Depth]>
          : T extends object
            ? { [Key in keyof T]-?: HoldsNotJson<T[Key], Deeper[Depth]> }[keyof T]
            : false;

/** What stands in the place of a schema whose values do not survive JSON, so that the compiler shows it. */
export type SurvivesJson<T> =
  true extends HoldsNotJson<T>
    ? 'Date, Map, Set, bytes and bigint do not survive JSON: send a string, a number or an array'
    : unknown;

const NOT_JSON: ReadonlySet<string> = new Set([
  'bigint',
  'date',
  'file',
  'function',
  'map',
  'promise',
  'set',
  'symbol',
]);

/**
 * What in a schema of zod does not survive JSON: `date at 'sentAt'`. `undefined` when there is nothing, or
 * nothing to be found: schemas of other libraries, transforms and those that refer to themselves cannot be
 * looked into.
 */
export function notJsonIn(schema: StandardSchema): string | undefined {
  const found = search(schema, [], new Set());
  if (found === undefined) return undefined;
  return found.path.length === 0 ? found.kind : `${found.kind} at '${found.path.join('.')}'`;
}

interface Found {
  readonly kind: string;
  readonly path: readonly string[];
}

function search(schema: unknown, path: readonly string[], visited: Set<unknown>): Found | undefined {
  if (!isSchema(schema) || !isZod(schema) || visited.has(schema)) return undefined;
  visited.add(schema);
  const { def, bag } = (schema as unknown as $ZodTypes)._zod;
  if (NOT_JSON.has(def.type)) return { kind: def.type, path };
  const made: unknown = Reflect.get(bag, 'Class');
  if (typeof made === 'function' && isNotJson(made)) return { kind: made.name, path };
  for (const [key, inner] of partsOf(def)) {
    const found = search(inner, key === '' ? path : [...path, key], visited);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What all arrays of bytes and numbers have in common has no name of its own. */
const typedArray = Object.getPrototypeOf(Uint8Array) as typeof Uint8Array;

/** For `z.instanceof`. */
function isNotJson(made: unknown): boolean {
  const classes: readonly object[] = [Date, RegExp, Map, Set, ArrayBuffer, DataView, typedArray];
  for (let one: unknown = made; typeof one === 'function'; one = Object.getPrototypeOf(one))
    if (classes.includes(one)) return true;
  return false;
}

/** Schemas within a schema that what it makes depends on, and under which key. */
function partsOf(def: $ZodTypes['_zod']['def']): readonly (readonly [string, unknown])[] {
  switch (def.type) {
    case 'object':
      // A getter is how a schema refers to itself; it may not be ready yet.
      return Object.entries(Object.getOwnPropertyDescriptors(def.shape)).map(([key, { value }]) => [
        key,
        value,
      ]);
    case 'array':
      return [['[]', def.element]];
    case 'tuple':
      return [...def.items.map((item, index) => [String(index), item] as const), ['[]', def.rest]];
    case 'record':
      return [['*', def.valueType]];
    case 'union':
      return def.options.map((option) => ['', option]);
    case 'intersection':
      return [
        ['', def.left],
        ['', def.right],
      ];
    case 'pipe':
      return [['', def.out]];
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return [['', def.innerType]];
    default:
      return [];
  }
}
