import { config, type $ZodErrorMap, type $ZodRawIssue } from 'zod/v4/core';

/**
 * What is wrong, in the words of zod's English locale, which knows every format there is and is four times as
 * large. Leaves the word to a locale or error map that the application has chosen (`z.config`; importing
 * `zod` does, too), and to zod for what is rare.
 */
export const messageOf: $ZodErrorMap = (issue) => {
  const { customError, localeError } = config();
  return customError?.(issue) ?? (localeError === undefined ? describe(issue) : undefined);
};

function describe(issue: $ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `Invalid input: expected ${issue.expected}, received ${typeName(issue.input)}`;
    case 'invalid_value':
      return `Invalid ${issue.values.length === 1 ? 'input: expected' : 'option: expected one of'} ${issue.values.map(quoted).join('|')}`;
    case 'too_big':
      return `Too big: expected ${sizeOf(issue.origin)} ${issue.inclusive === true ? '<=' : '<'}${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `Too small: expected ${sizeOf(issue.origin)} ${issue.inclusive === true ? '>=' : '>'}${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return `Invalid ${issue.format === 'regex' ? `string: must match pattern ${issue.pattern}` : issue.format}`;
    case 'unrecognized_keys':
      return `Unrecognized key${issue.keys.length > 1 ? 's' : ''}: ${issue.keys.map(quoted).join(', ')}`;
    default:
      return undefined;
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Number.isNaN(value)) return 'NaN';
  return Array.isArray(value) ? 'array' : typeof value;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'items' };

function sizeOf(origin: string): string {
  return `${origin} to ${origin in UNITS ? 'have' : 'be'}`;
}

function unitOf(origin: string): string {
  return origin in UNITS ? ` ${UNITS[origin]}` : '';
}
