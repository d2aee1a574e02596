import { BroadcastError } from '../../base/errors.js';

/** Faults that go together, after incidents that people have written about. */
export const FAULT_PRESETS = {
  'gone-storm': {
    summary: 'half of the connections turn out to be gone when they are sent to',
    text: 'send.status=gone send.rate=0.5',
  },
  'flaky-api': {
    summary: 'every fifth send gets 503: code that deletes on any error empties its rooms',
    text: 'send.status=503 send.rate=0.2',
  },
  'rate-limit': {
    summary: 'a third of the sends gets 429 and is asked to wait a second',
    text: 'send.status=429 send.retry-after=1s send.rate=0.3',
  },
  'slow-client': {
    summary: 'every tenth send takes two seconds',
    text: 'send.delay=2s send.rate=0.1',
  },
  'hanging-sends': {
    summary: 'every twentieth send is never answered',
    text: 'send.status=hang send.rate=0.05',
  },
  'lost-answers': {
    summary: 'every tenth send arrives, but its answer does not: a retry arrives twice',
    text: 'send.status=answer-lost send.rate=0.1',
  },
  redeploy: {
    summary: 'a third of the calls lose their instance, handshakes wait for a cold start',
    text: 'instance.effect=kill instance.rate=0.3 connect.delay=1s',
  },
  'zone-outage': {
    summary: 'a third of everything fails: handshakes, function calls, sends',
    text: 'connect.status=503 connect.rate=0.3 instance.effect=kill instance.rate=0.3 send.status=reset send.rate=0.3',
  },
  'lost-disconnects': {
    summary: 'no disconnect event arrives',
    text: 'disconnect.effect=lost',
  },
  'late-disconnects': {
    summary: 'disconnect events arrive 10 seconds late, after the client has reconnected',
    text: 'disconnect.effect=late disconnect.delay=10s',
  },
  'early-disconnects': {
    summary: 'half of the clients go away during their handshake',
    text: 'disconnect.effect=early disconnect.rate=0.5',
  },
  'out-of-order': {
    summary: 'half of the messages are overtaken by the next one',
    text: 'message.effect=reorder message.rate=0.5',
  },
  'at-least-once': {
    summary: 'every fifth message and every fifth disconnect event arrives twice',
    text: 'message.effect=duplicate message.rate=0.2 disconnect.effect=duplicate disconnect.rate=0.2',
  },
  'expired-token': {
    summary: 'the IAM token is refused, as after twelve hours',
    text: 'token.effect=expired',
  },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly text: string }>>;

/** A name of {@link FAULT_PRESETS}. */
export type FaultPreset = keyof typeof FAULT_PRESETS;

/** A preset by a name that somebody typed. Throws `INVALID_OPTIONS` that lists those there are. */
export function presetNamed(name: string): FaultPreset {
  if (Object.hasOwn(FAULT_PRESETS, name)) return name as FaultPreset;
  const known = Object.keys(FAULT_PRESETS).join(', ');
  throw new BroadcastError('INVALID_OPTIONS', `no preset '${name}'; there are ${known}`);
}
