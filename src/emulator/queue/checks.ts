/** Checks of what requests hold. Numbers are numbers in JSON and text in forms. */
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_MESSAGE_ATTRIBUTES } from './limits.js';
import { invalidValue, QueueError } from './queue-error.js';
import type { MessageAttribute } from './trigger-event.js';

/** A request, or a part of one, under the names that both protocols share. */
export type CheckedFields = Readonly<Record<string, unknown>>;

export function textIn(fields: CheckedFields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new QueueError('MissingParameter', `the parameter ${name} is required`);
}

export function numberIn(
  fields: CheckedFields,
  name: string,
  [least, most]: readonly [least: number, most: number],
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most;
  if (fits) return number;
  throw invalidValue(
    `${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(value)}`,
  );
}

/** The entries of a batch, each with an id of its own. */
export function entriesIn(fields: CheckedFields): { readonly id: string; readonly fields: CheckedFields }[] {
  const { Entries: entries } = fields;
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new QueueError('EmptyBatchRequest', 'the batch has no entries');
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw new QueueError(
      'TooManyEntriesInBatchRequest',
      `the batch has ${entries.length} entries, at most ${MAX_BATCH_ENTRIES} are allowed`,
    );
  }
  const checked = entries.map((entry: CheckedFields) => ({ id: entryIdIn(entry), fields: entry }));
  if (new Set(checked.map(({ id }) => id)).size < checked.length) {
    throw new QueueError('BatchEntryIdsNotDistinct', 'two entries of the batch have the same Id');
  }
  return checked;
}

function entryIdIn({ Id: id }: CheckedFields): string {
  if (typeof id === 'string' && /^[\w-]{1,80}$/.test(id)) return id;
  throw new QueueError('InvalidBatchEntryId', 'an Id has 1 to 80 letters, digits, hyphens and underscores');
}

/** Documented: the characters of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

export function bodyIn(fields: CheckedFields, maxBytes: number): string {
  const body = textIn(fields, 'MessageBody');
  const bytes = sizeOf(fields);
  if (bytes > maxBytes) throw invalidValue(`the message has ${bytes} bytes, the queue accepts ${maxBytes}`);
  if (FORBIDDEN.test(body)) {
    throw new QueueError('InvalidMessageContents', 'the body holds a character that XML 1.0 does not have');
  }
  return body;
}

export function checkBatchSize(entries: readonly { readonly fields: CheckedFields }[]): void {
  const bytes = entries.reduce((sum, { fields }) => sum + sizeOf(fields), 0);
  if (bytes <= MAX_BATCH_BYTES) return;
  throw new QueueError(
    'BatchRequestTooLong',
    `the batch has ${bytes} bytes, at most ${MAX_BATCH_BYTES} are allowed`,
  );
}

/** Of the body and of all that attributes consist of. */
function sizeOf({ MessageBody: body, MessageAttributes: attributes }: CheckedFields): number {
  const texts = Object.entries((attributes ?? {}) as CheckedFields).flatMap(([name, value]) => [
    name,
    ...Object.values(value as CheckedFields).filter((part) => typeof part === 'string'),
  ]);
  return [typeof body === 'string' ? body : '', ...texts].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    0,
  );
}

export function attributesIn({ MessageAttributes: given }: CheckedFields): Record<string, MessageAttribute> {
  const attributes = Object.entries((given ?? {}) as CheckedFields);
  if (attributes.length > MAX_MESSAGE_ATTRIBUTES) {
    throw invalidValue(
      `the message has ${attributes.length} attributes, at most ${MAX_MESSAGE_ATTRIBUTES} are allowed`,
    );
  }
  return Object.fromEntries(
    attributes.map(([name, value]) => [name, attributeIn(name, value as CheckedFields)]),
  );
}

function attributeIn(name: string, { DataType, StringValue, BinaryValue }: CheckedFields): MessageAttribute {
  if (!/^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/.test(name)) {
    throw invalidValue(`'${name}' is not a valid message attribute name`);
  }
  const isBinary = typeof DataType === 'string' && /^Binary(\.|$)/.test(DataType);
  const value = isBinary ? BinaryValue : StringValue;
  if (typeof DataType !== 'string' || !/^(String|Number|Binary)(\..+)?$/.test(DataType)) {
    throw invalidValue(`the message attribute '${name}' needs the DataType String, Number or Binary`);
  }
  if (typeof value !== 'string' || value === '') {
    throw invalidValue(`the message attribute '${name}' has no value of the type ${DataType}`);
  }
  return isBinary ? { dataType: DataType, binaryValue: value } : { dataType: DataType, stringValue: value };
}
