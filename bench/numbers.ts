import type { Spread } from './statistics.js';

/** `12,345`, and one digit behind the point below 10. */
export function grouped(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) < 9.95 ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `25.1k–27.3k`: short enough for a column. */
export function range({ min, max }: Spread): string {
  return Number.isFinite(min) ? `${short(min)}–${short(max)}` : '–';
}

export function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${grouped(ratio)}×` : '–';
}

export function percent(share: number): string {
  return `${wholePercent(share)} %`;
}

export function wholePercent(share: number): string {
  return Number.isFinite(share) ? String(Math.round(share * 100)) : '–';
}

function short(value: number): string {
  return value < 1000 ? grouped(value) : `${(value / 1000).toFixed(1)}k`;
}
