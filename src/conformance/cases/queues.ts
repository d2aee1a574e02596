import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import { parseJson } from '../../base/json.js';
import type { Sighting } from '../probe/sighting.js';
import type { ReceivedBytes } from '../wire/raw-socket.js';
import { enter, next } from './steps.js';

export const queueCases: readonly ConformanceCase[] = [
  {
    id: 'trigger.parallelism',
    question: 'Does a trigger call the function for a batch while it still works on another?',
    source: 'assumed; only quotas are documented',
    assumed: 'several at a time',
    answers: {
      'several at a time': 'A broadcast over a queue is spread over instances.',
      'one at a time': 'A broadcast over one queue is not spread: use several queues.',
    },
    how: 'Eight messages are put on a queue whose trigger takes two at a time; the function takes 600 ms for each batch.',
    probe: parallelism,
  },
  {
    id: 'trigger.visibility',
    question: 'Is a message hidden from others while its batch is being collected?',
    source: 'assumed',
    assumed: 'hidden while collected',
    answers: {
      'hidden while collected': 'The visibility of a queue has to cover the cut-off and the call.',
      'received at the call': 'The visibility of a queue has to cover the call only.',
    },
    how: 'One message for a batch of two; the function compares the time of its receipt with that of the call.',
    probe: visibility,
  },
  {
    id: 'queue.dead-letters',
    question:
      'Does a message keep the time when it was sent, and is it counted anew, in the queue of dead letters?',
    source: 'assumed',
    assumed: 'keeps its time, counted anew',
    answers: { 'keeps its time, counted anew': 'As the local gateway.' },
    otherwise: 'Jobs that are read from the dead letters look older or newer than they are.',
    how: 'Let a message fail until it is a dead letter, and read SentTimestamp and ApproximateReceiveCount there.',
    cloudOnly: 'it is a question to the cloud’s queue, which a person has to read with a key of their own',
    probe: 'hand',
  },
  {
    id: 'broadcast.frame',
    question: 'In which frame does a native broadcast arrive?',
    source: 'assumed',
    assumed: 'text',
    answers: { text: 'Browsers get a string.', binary: 'Browsers get a Blob: clients have to read it.' },
    otherwise: 'Native broadcasts do not arrive at this path.',
    how: 'A message is put on a queue whose trigger goes to the sockets of a path.',
    probe: async (bench) => (await liveMessage(bench)).message?.kind ?? 'nothing',
  },
  {
    id: 'broadcast.envelope',
    question: 'What does a native broadcast hold?',
    source: 'documented: triggers',
    assumed: 'the trigger’s envelope',
    answers: {
      'the trigger’s envelope': 'Clients of this library unwrap it.',
      'the body': 'Clients of this library take it as it is.',
    },
    otherwise: 'Clients of this library do not understand it.',
    how: 'The text of the message is looked at.',
    probe: async (bench) => envelopeOf((await liveMessage(bench)).message?.text),
  },
  {
    id: 'broadcast.latency',
    question: 'How long does a native broadcast take?',
    source: 'assumed',
    assumed: 'under two seconds',
    answers: {
      'under two seconds': 'Good for boards and feeds, not for games.',
      longer: 'Good for what may be late.',
    },
    how: 'From putting a message to its arrival, five times; the trigger takes messages one at a time.',
    probe: latency,
  },
];

async function parallelism(bench: Bench): Promise<Observation> {
  const texts = Array.from({ length: 8 }, () => bench.text({ do: 'sleep', ms: 600 }));
  const before = triggered(bench).length;
  await Promise.all(texts.map((text) => bench.publish('work', text)));
  const calls = await triggeredAfter(bench, before, 4, 8 * 600 + bench.quietMs);
  const atOnce = Math.max(
    0,
    ...calls.map(
      ({ startedAt }) =>
        calls.filter((one) => one.startedAt <= startedAt && (one.endedAt ?? 0) > startedAt).length,
    ),
  );
  return {
    seen: atOnce > 1 ? 'several at a time' : 'one at a time',
    figures: { calls: calls.length, atOnce },
  };
}

async function visibility(bench: Bench): Promise<Observation> {
  const before = triggered(bench).length;
  await bench.publish('work', bench.text({ do: 'event' }));
  const [call] = await triggeredAfter(bench, before, 1, 3000 + bench.quietMs);
  const hiddenMs = Math.round(call?.receivedBeforeMs ?? 0);
  return { seen: hiddenMs > 500 ? 'hidden while collected' : 'received at the call', figures: { hiddenMs } };
}

function triggered(bench: Bench): readonly Sighting[] {
  return bench.sightings(({ event }) => event === 'TRIGGER');
}

async function triggeredAfter(
  bench: Bench,
  before: number,
  wanted: number,
  waitMs: number,
): Promise<readonly Sighting[]> {
  for (let waited = 0; waited < waitMs && triggered(bench).length < before + wanted; waited += 100)
    await bench.pause(100);
  return triggered(bench).slice(before);
}

const LATE_MS = 10_000;

async function liveMessage(bench: Bench): Promise<{ message: ReceivedBytes | undefined; ms: number }> {
  const socket = await enter(bench, { path: 'live' });
  const arrival = next(socket, LATE_MS);
  const startedAt = performance.now();
  await bench.publish('live', '{"type":"probe"}');
  const message = await arrival;
  socket.close(1000);
  return { message, ms: Math.round(performance.now() - startedAt) };
}

function envelopeOf(text: string | undefined): string {
  const content = parseJson(text ?? '');
  if (typeof content !== 'object' || content === null) return 'nothing';
  return 'messages' in content ? 'the trigger’s envelope' : 'type' in content ? 'the body' : 'something else';
}

async function latency(bench: Bench): Promise<Observation> {
  const times: number[] = [];
  for (let tried = 0; tried < 5; tried++) times.push((await liveMessage(bench)).ms);
  const [shortestMs = 0, , medianMs = 0, , longestMs = 0] = times.sort((a, b) => a - b);
  return {
    seen: medianMs < 2000 ? 'under two seconds' : 'longer',
    figures: { shortestMs, medianMs, longestMs },
  };
}
