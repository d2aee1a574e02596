import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { ProbeCommand } from '../probe/command.js';
import { consequence, enter } from './steps.js';

const NOTHING = 'Clients wait in vain: answer every message with 200, and say in the body what went wrong.';
const MESSAGE =
  'The client gets what the function or the platform says: handlers must not leak anything there.';
const CLOSED = 'The connection ends: clients reconnect, so a handler that fails often costs handshakes.';

/** What a client sees of an answer that is not an ordinary one. */
function replyCase(
  id: string,
  question: string,
  assumed: 'nothing' | 'a message',
  command: ProbeCommand,
): ConformanceCase {
  return {
    id,
    question,
    source: 'assumed',
    assumed,
    answers: { nothing: NOTHING, 'a message': MESSAGE },
    otherwise: CLOSED,
    how: `The function is told to do so (${command.do}); the client listens.`,
    probe: (bench) => consequence(bench, command),
  };
}

export const replyCases: readonly ConformanceCase[] = [
  replyCase('reply.status-400', 'What does a client see of a reply with status 400 and a body?', 'nothing', {
    do: 'reply',
    status: 400,
  }),
  replyCase('reply.status-201', 'What does a client see of a reply with status 201 and a body?', 'nothing', {
    do: 'reply',
    status: 201,
  }),
  replyCase(
    'reply.string-status',
    'What does a client see of a reply whose status is the text "200"?',
    'nothing',
    { do: 'reply', status: '200' },
  ),
  replyCase('reply.exception', 'What does a client see of an exception?', 'nothing', { do: 'throw' }),
  replyCase('reply.malformed', 'What does a client see of a reply that is not a response?', 'nothing', {
    do: 'malformed',
  }),
  {
    id: 'reply.timeout',
    question: 'What does a client see of a call that takes too long?',
    source: 'assumed',
    assumed: 'nothing',
    answers: { nothing: NOTHING, 'a message': MESSAGE },
    otherwise: CLOSED,
    how: 'The function sleeps for longer than it may.',
    probe: (bench) =>
      consequence(bench, { do: 'sleep', ms: 2 * bench.timeoutMs }, bench.timeoutMs + bench.quietMs),
  },
  {
    id: 'reply.exception-retried',
    question: 'Does the gateway call the function again after an exception?',
    source: 'assumed',
    assumed: 'once',
    answers: {
      once: 'A message that failed is gone: clients repeat what matters.',
      again: 'Handlers of messages must be idempotent: use messageId against duplicates.',
    },
    how: 'The function reports the call, and throws.',
    probe: retried,
  },
  {
    id: 'reply.empty',
    question: 'What does a client see of a reply without a body?',
    source: 'assumed; relied on in production',
    assumed: 'nothing',
    answers: {
      nothing: 'A handler that has nothing to say leaves the body out.',
      'an empty message': 'Clients have to ignore empty messages.',
      'a message': MESSAGE,
    },
    otherwise: CLOSED,
    how: 'The function replies with status 200 only.',
    probe: (bench) => consequence(bench, { do: 'reply', body: null }),
  },
  {
    id: 'reply.empty-body',
    question: 'What does a client see of a reply with an empty body?',
    source: 'assumed',
    assumed: 'nothing',
    answers: {
      nothing: 'An empty body is as good as none.',
      'an empty message': 'Clients have to ignore empty messages, or handlers leave the body out.',
      'a message': MESSAGE,
    },
    otherwise: CLOSED,
    how: 'The function replies with status 200 and the body "".',
    probe: (bench) => consequence(bench, { do: 'reply', body: '' }),
  },
];

async function retried(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  socket.text(bench.text({ do: 'throw' }));
  await bench.pause(bench.quietMs);
  const { connectionId } = socket;
  const calls = bench.sightings((one) => one.event === 'MESSAGE' && one.connectionId === connectionId).length;
  socket.close(1000);
  return { seen: calls > 1 ? 'again' : 'once', figures: { calls } };
}
