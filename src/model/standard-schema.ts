import type { $ZodType } from 'zod/v4/core';
import { BroadcastError } from '../base/errors.js';
import { check, firstIssue } from '../base/options.js';

/**
 * A schema of any library that follows https://standardschema.dev, such as zod, zod/mini, Valibot and
 * ArkType. As much of the standard as is used here. It has to answer at once: a schema that returns a promise
 * fails every message.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a {@link StandardSchema} makes of a value. */
export type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

/** What a {@link StandardSchema} finds wrong, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What may be given to schema `S`. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/** What schema `S` makes of it. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** The value that a schema makes, or the first problem that it finds. */
export type Checked =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly path: readonly (string | number)[]; readonly message: string };

/** Whether a value is a schema. Those of ArkType are functions. */
export function isSchema(value: unknown): value is StandardSchema {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return typeof standard === 'object' && standard !== null && Reflect.get(standard, 'version') === 1;
}

/** Whether a schema is one of zod 4, whose own functions say more than the standard. */
export function isZod(schema: StandardSchema): schema is StandardSchema & $ZodType {
  return '_zod' in schema;
}

/** Checks a value. Throws what the schema throws, and `INVALID_OPTIONS` when it returns a promise. */
export function checkStandard(schema: StandardSchema, value: unknown): Checked {
  // `zod/mini` has no messages of its own.
  if (isZod(schema)) {
    const result = check(schema, value);
    return result.success ? result : { success: false, ...firstIssue(result.error) };
  }
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Nobody waits for it.
    result.catch(() => undefined);
    throw new BroadcastError('INVALID_OPTIONS', 'contract: a schema returned a promise; make it synchronous');
  }
  if (result.issues === undefined) return { success: true, data: result.value };
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  return {
    success: false,
    path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message: issue?.message ?? 'does not fit the schema',
  };
}
