import { readFile } from 'node:fs/promises';
import { BroadcastError } from '../../base/errors.js';
import { fillVariables, type VariableValues } from './variables.js';

/** A specification as the user has it: a file of YAML or JSON, or the document itself. */
export type SpecSource = string | Readonly<Record<string, unknown>>;

/**
 * Reads an OpenAPI document and fills in its variables. Rejects with `INVALID_OPTIONS` that says what is
 * wrong with it.
 */
export async function readSpec(source: SpecSource, values: VariableValues): Promise<Record<string, unknown>> {
  const document = typeof source === 'string' ? await parseFile(source) : source;
  return fillVariables(document, values);
}

async function parseFile(file: string): Promise<Record<string, unknown>> {
  const text = await readText(file);
  if (file.endsWith('.json')) checkJson(file, text);
  // Only those who have a specification need the parser.
  const { parseDocument } = await import('yaml');
  const parsed = parseDocument(text, { prettyErrors: true });
  const [error] = parsed.errors;
  if (error !== undefined) throw invalid(file, error.message);
  const document: unknown = parsed.toJS();
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid(file, 'is not an OpenAPI document');
  }
  return document as Record<string, unknown>;
}

/** Its own words: of broken JSON, the parser of YAML says what is wrong with its indentation. */
function checkJson(file: string, text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    const problem =
      cause instanceof Error ? cause.message.replace(/, \.\.\.[\s\S]*$|\.{3}"[\s\S]*$/, '') : '';
    throw invalid(file, `is not JSON: ${problem}`, cause);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(file, 'cannot be read', cause);
  }
}

function invalid(file: string, problem: string, cause?: unknown): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `spec: ${file}: ${problem}`, { cause });
}
