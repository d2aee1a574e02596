/**
 * Options and other input of this library are checked with `zod/mini`, a fifth of the size of `zod`: it is
 * part of every bundled function. Contracts may be written with either.
 */
import { safeParse, type $ZodError, type $ZodType, type output, type util } from 'zod/v4/core';
import { custom, type ZodMiniType } from 'zod/mini';
import { BroadcastError } from './errors.js';
import { messageOf } from './zod-messages.js';

/**
 * What `make` returns, made when it is first asked for. Schemas are declared through it: making all of them
 * takes longer than the rest of the import, and most calls of a function need few. The type of a schema says
 * what comes out of it and nothing else: the package's declarations would name classes that older versions of
 * zod 4 do not have.
 */
export function lazily<S extends $ZodType>(make: () => S): () => ZodMiniType<output<S>>;
export function lazily<T extends object>(make: () => T): () => T;
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Checks a value; `zod/mini` has no sentences for what is wrong unless it is given some. */
export function check<T extends $ZodType>(schema: T, value: unknown): util.SafeParseResult<output<T>> {
  return safeParse(schema, value, { error: messageOf });
}

/**
 * Checks an options object and fills in its defaults. Throws `INVALID_OPTIONS` that names the field; a field
 * that does not exist is refused, since `concurency: 5` should not silently mean the default.
 */
export function parseOptions<T extends $ZodType>(schema: T, options: unknown, what: string): output<T> {
  const result = check(schema, options);
  if (result.success) return result.data;
  const { path, message } = firstIssue(result.error);
  const field = path.length === 0 ? what : `${what}.${path.join('.')}`;
  throw new BroadcastError('INVALID_OPTIONS', `${field}: ${message}`, { path });
}

/** The first problem that zod found, in a form that can go into a message. */
export function firstIssue(error: $ZodError): { path: (string | number)[]; message: string } {
  const issue = error.issues[0];
  // That a key is invalid says nothing; why is one level deeper.
  const reason = issue?.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
  return {
    path: (issue?.path ?? []).map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message: reason?.message ?? 'does not fit the schema',
  };
}

/** A function in an options object. What it takes and returns is for the compiler to check. */
export function functionOption<T>(): ZodMiniType<T> {
  return custom<T>((value) => typeof value === 'function', 'expected a function');
}

/** An object in an options object, recognised by the methods it must have. */
export function objectWith<T>(expected: string, ...methods: readonly (keyof T & string)[]): ZodMiniType<T> {
  return custom<T>((value) => hasMethods(value, methods), `expected ${expected}`);
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof Reflect.get(value, method) === 'function');
}
