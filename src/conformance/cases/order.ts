import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { RawSocket } from '../wire/raw-socket.js';
import { ask, enter, sightingIn } from './steps.js';

const SLEEP_MS = 400;

export const orderCases: readonly ConformanceCase[] = [
  {
    id: 'order.overlap',
    question: 'Is a message of a client handled while an earlier one of the same client still is?',
    source: 'assumed; both were reported from the field',
    assumed: 'overlap',
    answers: {
      overlap: 'Messages of one client can overtake each other: handlers need to tolerate it.',
      serial: 'A slow handler delays all later messages of its client: set the order of `dev` to serial.',
    },
    how: 'Two messages are sent at once; the function takes 400 ms for each and says when.',
    probe: overlap,
  },
  {
    id: 'order.message-ids',
    question: 'Do the ids of messages sort in the order in which they were sent?',
    source: 'documented: the WebSocket page',
    assumed: 'in order',
    answers: {
      'in order': 'A receiver can sort messages by their ids.',
      'out of order': 'Messages need a sequence number of the application.',
    },
    how: 'Five messages are sent one after the other; the function replies with their ids.',
    probe: messageIds,
  },
];

/** Warm instances first: a cold start would look like waiting. */
async function warmUp(bench: Bench, socket: RawSocket): Promise<void> {
  const other = await enter(bench);
  await Promise.all([ask(bench, socket, { do: 'event' }), ask(bench, other, { do: 'event' })]);
  other.close(1000);
}

async function overlap(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  await warmUp(bench, socket);
  const known = new Set(socket.messages);
  for (let sent = 0; sent < 2; sent++) socket.text(bench.text({ do: 'sleep', ms: SLEEP_MS }));
  const waitMs = 2 * SLEEP_MS + bench.timeoutMs;
  const first = await socket.message((one) => !known.has(one), waitMs);
  const second = await socket.message((one) => !known.has(one) && one !== first, waitMs);
  socket.close(1000);
  const calls = [first, second].map(sightingIn).sort((a, b) => a.startedAt - b.startedAt);
  const [earlier, later] = calls;
  const overlapMs = (earlier?.endedAt ?? 0) - (later?.startedAt ?? 0);
  return { seen: overlapMs > SLEEP_MS / 4 ? 'overlap' : 'serial', figures: { overlapMs } };
}

async function messageIds(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  const ids: string[] = [];
  for (let sent = 0; sent < 5; sent++) {
    const { messageId = '' } = await ask(bench, socket, { do: 'event' });
    ids.push(messageId);
  }
  socket.close(1000);
  const isOrdered = ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);
  return isOrdered ? 'in order' : 'out of order';
}
