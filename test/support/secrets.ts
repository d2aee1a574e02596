/**
 * Secrets to be looked for in what is written down: random words in every place of a call, and errors that
 * quote them.
 */
import fc from 'fast-check';
import { BroadcastError } from 'yc-broadcast';

/** What comes with the calls of one connection; each of these words is a secret. */
export interface Secrets {
  readonly cookie: string;
  readonly authorization: string;
  readonly query: string;
  readonly path: string;
  readonly subprotocol: string;
  readonly room: string;
  readonly text: string;
  readonly key: string;
  readonly reason: string;
  readonly token: string;
}

const IN_EVERY_CALL = ['cookie', 'authorization', 'subprotocol', 'path', 'token'] as const;

/** Which of them a call carries. */
export const CARRIED = {
  connect: [...IN_EVERY_CALL, 'query'],
  message: [...IN_EVERY_CALL, 'room', 'text', 'key'],
  disconnect: [...IN_EVERY_CALL, 'reason'],
} as const satisfies Record<string, readonly (keyof Secrets)[]>;

/** How a driver might quote what it was given. */
const QUOTES: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => `no row for ${secret}`,
  'within JSON': (secret) => `bad request: ${JSON.stringify({ value: secret })}`,
  'as a header': (secret) => `sent Authorization: Bearer ${secret}; got 401`,
  'within an address': (secret) => `GET https://db.example/rows?key=${encodeURIComponent(secret)} failed`,
  'as base64': (secret) => `payload ${Buffer.from(secret).toString('base64')} refused`,
  'on its own line': (secret) => `syntax error\n    at ${secret}\nnear the end`,
};

export interface Failure {
  readonly breaks: 'nothing' | 'authenticate' | 'hook' | 'put' | 'list' | 'transport';
  readonly quote: string;
  readonly isOurs: boolean;
  readonly isCause: boolean;
}

/** An error that tells all it knows. */
export function errorQuoting(words: readonly string[], { quote, isOurs, isCause }: Failure): Error {
  const text = words.map((word) => QUOTES[quote]?.(word)).join('; ');
  if (!isCause) {
    if (isOurs) return new BroadcastError('GATEWAY_UNAVAILABLE', text);
    return Object.assign(new Error(text), { code: text, name: text });
  }
  const cause = Object.assign(new Error(text), { code: 'ECONNRESET', detail: text });
  if (isOurs) return new BroadcastError('STORE_UNAVAILABLE', 'the store is away', { cause });
  return new Error('it broke', { cause });
}

/**
 * Marked, so that no word of ours is taken for one; with what JSON, addresses and base64 write differently.
 */
const secret = fc
  .tuple(
    fc.constantFrom('s3cr3t-', 'S3CR3T_', 'q"7', 'ключ-', 'a/b+'),
    fc.stringMatching(/^[A-Za-z0-9]{6,24}$/),
    fc.constantFrom('', '!', '=', '%41'),
  )
  .map((parts) => parts.join(''));
/** What may stand in a header. */
const token = fc.stringMatching(/^t0ken\.[A-Za-z0-9_-]{8,60}$/);

export const secretsArbitrary: fc.Arbitrary<Secrets> = fc.record({
  cookie: secret,
  authorization: token,
  query: secret,
  path: token,
  subprotocol: token,
  room: secret,
  text: secret,
  key: secret,
  reason: secret,
  token,
});

export const failureArbitrary: fc.Arbitrary<Failure> = fc.record({
  breaks: fc.constantFrom('nothing', 'authenticate', 'hook', 'put', 'list', 'transport'),
  quote: fc.constantFrom(...Object.keys(QUOTES)),
  isOurs: fc.boolean(),
  isCause: fc.boolean(),
});

/** Which secrets stand in a text, in whichever form. */
export function secretsIn(text: string, secrets: Partial<Secrets>): string[] {
  return Object.entries(secrets)
    .filter(([, word]) => formsOf(word).some((form) => text.includes(form)))
    .map(([name, word]) => `${name}: ${word}`);
}

function formsOf(word: string): string[] {
  const base64 = Buffer.from(word).toString('base64').replace(/=+$/, '');
  const forms = [word, JSON.stringify(word).slice(1, -1), encodeURIComponent(word), base64];
  // A line of JSON escapes once more.
  return [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))];
}
