/**
 * The textual form of faults, for the command line, the page and the timeline:
 * `send.status=503 send.rate=0.2`.
 */
import { BroadcastError } from '../../base/errors.js';
import { parseFault, type Fault, type FaultPoint } from './fault.js';
import { FIELDS, type TextField } from './text-fields.js';

/** What a text of faults says. */
export interface FaultText {
  readonly seed: number | undefined;
  readonly faults: readonly Fault[];
}

/** The field that `point=value` is short for. */
const MAIN: Readonly<Record<FaultPoint, TextField>> = {
  send: 'status',
  connect: 'status',
  message: 'effect',
  disconnect: 'effect',
  instance: 'effect',
  token: 'effect',
  queue: 'effect',
};
const POINTS = Object.keys(MAIN) as FaultPoint[];

const AIM = ['rate', 'times', 'connection', 'path'] as const;
const FIELDS_OF: Readonly<Record<FaultPoint, readonly TextField[]>> = {
  send: ['status', 'delay', 'retry-after', ...AIM],
  connect: ['status', 'delay', ...AIM],
  message: ['effect', 'delay', ...AIM],
  disconnect: ['effect', 'delay', ...AIM],
  instance: ['effect', 'delay', ...AIM],
  token: ['effect', ...AIM],
  queue: ['effect', 'delay', 'rate', 'times', 'name'],
};

/**
 * Reads settings that are separated by spaces: `<point>.<field>=<value>`, or `<point>=<value>` for its status
 * or effect, and `seed=<number>`. A field that a point has already begins another fault of that point. Throws
 * `INVALID_OPTIONS` that names the mistake.
 */
export function parseFaults(text: string): FaultText {
  const faults: Draft[] = [];
  let seed: number | undefined;
  for (const setting of text.split(/\s+/).filter((part) => part !== '')) {
    const [name, value] = split(setting);
    if (name === 'seed') seed = parseSeed(value);
    else put(faults, name, value);
  }
  return { seed, faults: faults.map(check) };
}

/** The text that {@link parseFaults} reads as this fault; what is as by default is left out. */
export function formatFault(fault: Fault): string {
  const settings = FIELDS_OF[fault.on].flatMap((field) => {
    const { key, format } = FIELDS[field];
    const value: unknown = Reflect.get(fault, key);
    const isDefault = value === undefined || value === Infinity || (field === 'rate' && value === 1);
    return isDefault ? [] : [`${fault.on}.${field}=${format(value)}`];
  });
  return settings.join(' ');
}

/** A fault as far as it has been read, under the names of {@link Fault}. */
type Draft = { readonly on: FaultPoint } & Record<string, unknown>;

function split(setting: string): readonly [name: string, value: string] {
  const at = setting.indexOf('=');
  if (at < 1) throw mistake(setting, 'expected <point>.<field>=<value>, such as send.status=503');
  return [setting.slice(0, at), setting.slice(at + 1)];
}

function parseSeed(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw mistake('seed', `expected a whole number, got '${value}'`);
  return Number(value);
}

function put(faults: Draft[], name: string, value: string): void {
  const [pointName = '', ...rest] = name.split('.');
  const point = POINTS.find((one) => one === pointName);
  if (point === undefined) throw mistake(pointName, `no such point; there are ${POINTS.join(', ')}`);
  const fieldName = rest.length === 0 ? MAIN[point] : rest.join('.');
  const field = FIELDS_OF[point].find((one) => one === fieldName);
  if (field === undefined) {
    throw mistake(name, `no such field; ${point} has ${FIELDS_OF[point].join(', ')}`);
  }
  const { key, parse, expected } = FIELDS[field];
  const parsed = parse(value);
  if (parsed === undefined) throw mistake(`${point}.${field}`, `expected ${expected}, got '${value}'`);
  const begun = faults.findLast(({ on }) => on === point);
  if (begun === undefined || key in begun) faults.push({ on: point, [key]: parsed });
  else begun[key] = parsed;
}

/** The names of the code form, by those of the textual one. */
const KEYS = new Map(Object.entries(FIELDS).map(([field, { key }]) => [key as string, field]));

function check(draft: Draft): Fault {
  try {
    const fault = draft as unknown as Fault;
    parseFault(fault, draft.on);
    return fault;
  } catch (error) {
    if (!(error instanceof BroadcastError)) throw error;
    throw inTextualNames(draft.on, error);
  }
}

/** `send.retryAfterSeconds: …` of the code form is about what is called `send.retry-after` here. */
function inTextualNames(point: FaultPoint, { message, path }: BroadcastError): BroadcastError {
  const key = String(path?.[0] ?? '');
  const said = message.slice(message.indexOf(': ', message.indexOf(': ') + 2) + 2);
  return mistake(`${point}.${KEYS.get(key) ?? key}`, said.replaceAll('delayMs', 'a delay'));
}

function mistake(where: string, problem: string): BroadcastError {
  return new BroadcastError('INVALID_OPTIONS', `fault '${where}': ${problem}`);
}
