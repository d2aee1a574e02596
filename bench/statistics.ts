/** Several rounds of one figure. The median is what is quoted; the rest says how far to trust it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** Keeps results short enough to read; nothing here is known to more than four digits. */
export function rounded({ median, min, max }: Spread): Spread {
  return { median: fourDigits(median), min: fourDigits(min), max: fourDigits(max) };
}

export function fourDigits(value: number): number {
  return Number(value.toPrecision(4));
}
