/**
 * Frames of a server as they should not be: values of other kinds, missing or foreign parts, numbers that are
 * off, broken text.
 */

const JUNK: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  true,
  '',
  'x',
  '\ud800',
  '__proto__',
  [],
  [null],
  [[[]]],
  {},
  { error: null },
  { error: { code: {}, message: [] } },
  { length: 3 },
  // What JSON can say and no text can be made of.
  { toString: 1, valueOf: null },
  { then: 1 },
];

export interface FrameMutator {
  /** Another frame, made of this one and of parts of earlier ones. */
  mutate(frame: unknown): unknown;
  /** Its text, mostly; or part of it, or something else than text. */
  textOf(frame: unknown): unknown;
}

/** Parts of earlier frames that are put into others. */
const MOST_PARTS = 200;

export function createFrameMutator(random: () => number): FrameMutator {
  const parts: unknown[] = [];
  const below = (limit: number): number => Math.floor(random() * limit);

  function remember(part: unknown): void {
    if (parts.length < MOST_PARTS) parts.push(part);
    else parts[below(MOST_PARTS)] = part;
  }

  function inPlaceOf(value: unknown): unknown {
    const kind = random();
    if (kind < 0.3 && typeof value === 'number') return value + below(5) - 2;
    if (kind < 0.5 && parts.length > 0) return parts[below(parts.length)];
    return JUNK[below(JUNK.length)];
  }

  function mutate(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || random() < 0.15) return inPlaceOf(value);
    const entries = Object.entries(value as Record<string, unknown>);
    const at = below(entries.length);
    const isMissing = random() < 0.1;
    remember(entries[at]?.[1]);
    const changed = entries
      .filter((_entry, index) => !(isMissing && index === at))
      .map(([key, one], index) => [key, index === at ? mutate(one) : one] as const);
    if (Array.isArray(value)) return changed.map(([, one]) => one);
    const object: unknown = Object.fromEntries(changed);
    return object;
  }

  return {
    mutate,
    textOf(frame) {
      const text = JSON.stringify(frame) as string | undefined;
      if (text === undefined || random() < 0.97) return text;
      const at = below(text.length);
      const odd = [text.slice(0, at), text.slice(at), `${text}${text}`, Buffer.from(text), undefined, {}];
      return odd[below(odd.length)];
    },
  };
}
