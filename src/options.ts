import type * as z from 'zod';
import { custom } from 'zod';
import { BroadcastError } from './errors.js';

/**
 * Checks an options object and fills in its defaults. Throws `INVALID_OPTIONS` that names the field; a field that does
 * not exist is refused, since `concurency: 5` should not silently mean the default.
 */
export function parseOptions<T extends z.ZodType>(schema: T, options: unknown, what: string): z.output<T> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  const field = path.length === 0 ? what : `${what}.${path.join('.')}`;
  throw new BroadcastError('INVALID_OPTIONS', `${field}: ${message}`, { path });
}

/** The first problem that zod found, in a form that can go into a message. */
export function firstIssue(error: z.ZodError): { path: (string | number)[]; message: string } {
  const issue = error.issues[0];
  return {
    path: (issue?.path ?? []).map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message: issue?.message ?? 'does not fit the schema',
  };
}

/** A function in an options object. What it takes and returns is for the compiler to check. */
export function functionOption<T>(): z.ZodType<T> {
  return custom<T>((value) => typeof value === 'function', 'expected a function');
}

/** An object with methods in an options object, recognised by the methods it must have. */
export function objectWith<T>(expected: string, ...methods: readonly (keyof T & string)[]): z.ZodType<T> {
  return custom<T>((value) => hasMethods(value, methods), `expected ${expected}`);
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof Reflect.get(value, method) === 'function');
}
