import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { RawSocket } from '../wire/raw-socket.js';
import { enter } from './steps.js';

const RESETS = 'It keeps a connection open.';
const DOES_NOT = 'It does not keep a connection open: clients have to say something every nine minutes.';

function idleCase(
  id: string,
  question: string,
  source: string,
  assumed: 'resets' | 'does not reset',
  act: (socket: RawSocket, bench: Bench) => unknown,
): ConformanceCase {
  return {
    id,
    question,
    source,
    assumed,
    answers: { resets: RESETS, 'does not reset': DOES_NOT },
    how: 'It happens after six minutes of silence; five minutes later the connection is looked at.',
    mode: 'idle',
    probe: (bench) => probe(bench, act),
  };
}

export const idleCases: readonly ConformanceCase[] = [
  idleCase(
    'idle.client-message',
    'Does a message of the client reset the idle time?',
    'documented: the WebSocket page',
    'resets',
    (socket, bench) => {
      socket.text(bench.text({ do: 'reply', body: null }));
    },
  ),
  idleCase(
    'idle.client-ping',
    'Does a ping frame of the client reset the idle time?',
    'documented: the WebSocket page',
    'resets',
    (socket) => {
      socket.ping();
    },
  ),
  idleCase(
    'idle.server-send',
    'Does a message to the client reset the idle time?',
    'assumed',
    'does not reset',
    ({ connectionId }, bench) => bench.rest.send(connectionId, Buffer.from('probe')),
  ),
];

async function probe(bench: Bench, act: (socket: RawSocket, bench: Bench) => unknown): Promise<Observation> {
  const socket = await enter(bench);
  await bench.pass(6 * 60_000);
  await act(socket, bench);
  await bench.pause(bench.quietMs);
  await bench.pass(5 * 60_000);
  const ended = await socket.ended(bench.quietMs);
  socket.close(1000);
  return ended === undefined ? 'resets' : 'does not reset';
}
