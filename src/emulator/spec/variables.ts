import * as z from 'zod';
import { BroadcastError } from '../../base/errors.js';
import { firstIssue } from '../../base/options.js';

export type VariableValues = Readonly<Record<string, string>>;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const declarationsSchema = z.record(
  z.string(),
  z.object({ default: scalar.optional(), enum: z.array(scalar).optional() }),
);

type Declarations = z.output<typeof declarationsSchema>;

/**
 * Fills `${var.name}` in every text of a document, from `values` or else from the declared default. Throws
 * `INVALID_OPTIONS` for a variable that is not declared, has no value, or has one that its `enum` does not
 * allow.
 */
export function fillVariables(
  document: Readonly<Record<string, unknown>>,
  values: VariableValues,
): Record<string, unknown> {
  const declared = declarationsOf(document);
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(declared, name)) throw wrong(name, 'the specification declares no such variable');
  }
  return fill(document, (name) => valueOf(name, declared, values)) as Record<string, unknown>;
}

function declarationsOf(document: Readonly<Record<string, unknown>>): Declarations {
  const extension = document['x-yc-apigateway'];
  const variables =
    typeof extension === 'object' && extension !== null
      ? (Reflect.get(extension, 'variables') as unknown)
      : undefined;
  const result = declarationsSchema.safeParse(variables ?? {});
  if (result.success) return result.data;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `spec: x-yc-apigateway.variables: ${firstIssue(result.error).message}`,
  );
}

function valueOf(name: string, declared: Declarations, values: VariableValues): string {
  const declaration = Object.hasOwn(declared, name) ? declared[name] : undefined;
  if (declaration === undefined) throw wrong(name, 'is used, but not declared in x-yc-apigateway.variables');
  const value = values[name] ?? declaration.default;
  if (value === undefined) throw wrong(name, 'has neither a value nor a default');
  const text = String(value);
  const allowed = declaration.enum?.map(String);
  if (allowed !== undefined && !allowed.includes(text)) {
    throw wrong(name, `'${text}' is not among ${allowed.join(', ')}`);
  }
  return text;
}

function fill(value: unknown, valueOfVariable: (name: string) => string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{var\.([^}]+)\}/g, (_text, name: string) => valueOfVariable(name));
  }
  if (Array.isArray(value)) return value.map((one) => fill(one, valueOfVariable));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, valueOfVariable)]));
}

function wrong(name: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `spec: variable '${name}': ${problem}`);
}
