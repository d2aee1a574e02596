/**
 * What this gateway does where the platform's behaviour is not documented, or where field reports differ, by
 * the ids of the cases of `yc-broadcast conformance`. A profile, which is what that command has seen in the
 * cloud, replaces guesses.
 */
import type { Profile } from './profile.js';

/** `closed with 1011`: the connection ends with that code. */
const CLOSED = /^closed with [1-4]\d{3}$/;
/** `code 1005`: what a disconnect event says. */
const CODE = /^code [1-4]\d{3}$/;
/** `HTTP 410, gRPC 5`. */
const REFUSED = /^HTTP 4\d\d, gRPC \d{1,2}$/;
/** Nothing here depends on it. */
const ANY = /^/;

/** What is done, and after it whatever else this gateway can be set to. */
type Choices = readonly [guess: string, ...others: (string | RegExp)[]];

const UNUSUAL_REPLY: Choices = ['nothing', 'a message', CLOSED];
const EMPTY_REPLY: Choices = ['nothing', 'an empty message', CLOSED];
const GONE = 'HTTP 404, gRPC 5';

const GUESSES = {
  'handshake.refusal': ['HTTP 403 with the body'],
  'handshake.exception': ['HTTP 502', /^HTTP [45]\d\d$/],
  'handshake.first-message': ['arrives', 'does not arrive'],
  'handshake.subprotocol': ['the chosen one'],
  'handshake.compression': ['none'],
  'handshake.connection-id': ['named'],
  'event.path-of-messages': ['present', 'absent'],
  'event.path-of-disconnects': ['present', 'absent'],
  'event.query-of-messages': ['absent', 'present'],
  'event.headers-of-messages': ['present', 'absent'],
  'event.default-format': ['names of 1.0 without a version', 'format 0.1', 'format 1.0'],
  'path.connect-only': ['accepted'],
  'path.message-only': ['accepted'],
  'order.overlap': ['overlap', 'serial'],
  'order.message-ids': ['in order'],
  'reply.status-400': UNUSUAL_REPLY,
  'reply.status-201': UNUSUAL_REPLY,
  'reply.string-status': UNUSUAL_REPLY,
  'reply.exception': UNUSUAL_REPLY,
  'reply.malformed': UNUSUAL_REPLY,
  'reply.timeout': UNUSUAL_REPLY,
  'reply.exception-retried': ['once'],
  'reply.empty': EMPTY_REPLY,
  'reply.empty-body': EMPTY_REPLY,
  'type.json': ['text'],
  'type.text': ['text'],
  'type.json-charset': ['binary', 'text'],
  'type.none': ['binary', 'text'],
  'type.lower-case': ['text'],
  'type.multi-value': ['text'],
  'size.frame-in': ['up to 32768 bytes', 'more than 32768 bytes'],
  'size.message-in': ['up to 131072 bytes', 'more than 131072 bytes'],
  'close.oversized': ['closed with 1009', CLOSED],
  'size.reply': ['nothing', 'a message', CLOSED],
  'size.send-rest': ['up to 98304 bytes'],
  'size.send-grpc': ['up to 131072 bytes'],
  'send.in-connect': ['refused with 404'],
  'send.gone': [GONE, REFUSED],
  'send.unknown': [GONE],
  'send.malformed': [GONE, REFUSED],
  'send.long-id': ['HTTP 400, gRPC 3', REFUSED],
  'send.foreign': [GONE],
  'send.empty': ['HTTP 400, gRPC 3'],
  'send.unspecified-type': ['text'],
  'send.invalid-utf8': ['text'],
  'send.rate': ['no limit found', ANY],
  'close.after-disconnect': ['closed with 1000', CLOSED],
  'disconnect.close-frame': ['code 4001, with the reason', 'no event'],
  'disconnect.fin': ['code 1006'],
  'disconnect.reset': ['code 1006', CODE, 'no event'],
  'disconnect.api': ['code 1000', CODE, 'no event'],
  'disconnect.loss': ['none'],
  'disconnect.mass': ['some', 'none'],
  'disconnect.during-connect': ['an event'],
  'close.idle': ['closed with 1001', CLOSED],
  'close.lifetime': ['closed with 1001', CLOSED],
  'idle.client-message': ['resets', 'does not reset'],
  'idle.client-ping': ['resets', 'does not reset'],
  'idle.server-send': ['does not reset', 'resets'],
  'authorizer.asked-for-messages': ['not called', 'called'],
  'authorizer.context-of-messages': ['present', 'absent'],
  'authorizer.missing': ['HTTP 401'],
  'authorizer.denied': ['HTTP 403'],
  'ids.request': ['an id for each event', 'one id for a connection'],
  'concurrency.same-connection': ['all handled'],
  'concurrency.timeout-of-another': ['HTTP 502'],
  'freeze.after-return': ['frozen at once', 'runs on for a while', 'runs on'],
  'trigger.parallelism': ['several at a time', 'one at a time'],
  'trigger.visibility': ['hidden while collected'],
  'queue.dead-letters': ['keeps its time, counted anew'],
  'broadcast.frame': ['text', 'binary'],
  'broadcast.envelope': ['the trigger’s envelope'],
  'broadcast.latency': ['under two seconds', ANY],
  'version.with-lock': ['made', ANY],
  'version.without-lock': ['refused', ANY],
  'billing.disconnects': ['billed', ANY],
  'billing.pings': ['free', ANY],
  'billing.concurrent-calls': ['billed', ANY],
} as const satisfies Readonly<Record<string, Choices>>;

/** What cannot be told apart here: these follow a profile that says the same of both. */
const ALIASES: ReadonlyMap<string, GuessId> = new Map([
  ['send.unknown', 'send.gone'],
  ['send.foreign', 'send.gone'],
  ['disconnect.fin', 'disconnect.reset'],
]);

export type GuessId = keyof typeof GUESSES;

/** What to do where the platform's behaviour is a guess: the guess, or what a profile says. */
export type Guesses = (id: GuessId) => string;

export interface ReadGuesses {
  readonly guess: Guesses;
  /** Entries of the profile that this gateway cannot follow. */
  readonly unfollowed: ReadonlyMap<string, string>;
}

/** By id; all that there are. */
export const CHOICES: ReadonlyMap<string, Choices> = new Map(Object.entries(GUESSES));

export function readGuesses(profile: Profile | undefined): ReadGuesses {
  const followed = new Map<string, string>();
  const unfollowed = new Map<string, string>();
  const guess: Guesses = (id) => followed.get(id) ?? GUESSES[id][0];
  const entries = Object.entries(profile?.cases ?? {});
  for (const [id, { seen }] of entries) if (isChoice(id, seen)) followed.set(id, seen);
  for (const [id, { seen }] of entries) {
    const alias = ALIASES.get(id);
    const isDone = alias === undefined ? followed.has(id) : guess(alias) === seen;
    if (!isDone) unfollowed.set(id, seen);
  }
  return { guess, unfollowed };
}

/** Whether a profile can set the gateway to something else. */
export function canFollow(id: string): boolean {
  return ALIASES.has(id) || (CHOICES.get(id) ?? []).length > 1;
}

function isChoice(id: string, seen: string): boolean {
  const choices = CHOICES.get(id) ?? [];
  return choices.some((choice) => (typeof choice === 'string' ? choice === seen : choice.test(seen)));
}

/** The guesses themselves. */
export const NO_PROFILE: Guesses = readGuesses(undefined).guess;

/** For people, one sentence each. */
export function unfollowedWarnings(unfollowed: ReadonlyMap<string, string>): string[] {
  return [...unfollowed].map(([id, seen]) => {
    const known = CHOICES.get(id);
    if (known === undefined) return `profile: there is no case '${id}' in this version`;
    return `profile: ${id} was seen as '${seen}', which is not emulated; here it is '${known[0]}'`;
  });
}

/** The code in `closed with 1011` or `code 1006`; `undefined` when there is none. */
export function codeIn(seen: string): number | undefined {
  const code = /\b[1-4]\d{3}\b/.exec(seen)?.[0];
  return code === undefined ? undefined : Number(code);
}
