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
      serial: 'A slow handler delays all later messages of its client: `dev --order serial` does so, too.',
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

/** A cold start looks like waiting, so that it is tried again. */
const TRIES = 3;

async function overlap(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  let overlapMs = 0;
  for (let tried = 0; tried < TRIES && overlapMs < SLEEP_MS / 4; tried++)
    overlapMs = await overlapOf(bench, socket);
  socket.close(1000);
  return { seen: overlapMs >= SLEEP_MS / 4 ? 'overlap' : 'serial', figures: { overlapMs } };
}

/** How long two calls of one client ran at once; less than nothing is the time between them. */
async function overlapOf(bench: Bench, socket: RawSocket): Promise<number> {
  const known = new Set(socket.messages);
  for (let sent = 0; sent < 2; sent++) socket.text(bench.text({ do: 'sleep', ms: SLEEP_MS }));
  const first = await socket.message((one) => !known.has(one), bench.answerMs);
  const second = await socket.message((one) => !known.has(one) && one !== first, bench.answerMs);
  const [earlier, later] = [first, second].map(sightingIn).sort((a, b) => a.startedAt - b.startedAt);
  return (earlier?.endedAt ?? 0) - (later?.startedAt ?? 0);
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
