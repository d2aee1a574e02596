import type * as z from 'zod';
import { BroadcastError } from '../../base/errors.js';
import { firstIssue } from '../../base/options.js';

/** Checks a part of the document. Throws `INVALID_OPTIONS` that names the place. */
export function parsePart<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  const where = [place, ...path].filter((part) => part !== '').join('.');
  throw new BroadcastError('INVALID_OPTIONS', `spec: ${where}: ${message}`, { path });
}
