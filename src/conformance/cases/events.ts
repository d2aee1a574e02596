import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { EventShape } from '../probe/sighting.js';
import { ask, enter, isDisconnectOf } from './steps.js';

const STORE_IT = 'Store what is needed with the connection.';

/** Whether a later event still has something that the connect event had. */
function shapeCase(
  id: string,
  question: string,
  assumed: 'present' | 'absent',
  shapeIn: (bench: Bench) => Promise<EventShape | undefined>,
  has: (shape: EventShape) => boolean,
): ConformanceCase {
  return {
    id,
    question,
    source: 'assumed; as in the published samples',
    assumed,
    answers: { present: 'Handlers can read it there.', absent: STORE_IT, 'no event': STORE_IT },
    how: 'The function says which fields the event has.',
    probe: async (bench) => {
      const shape = await shapeIn(bench);
      if (shape === undefined) return 'no event';
      return has(shape) ? 'present' : 'absent';
    },
  };
}

export const eventCases: readonly ConformanceCase[] = [
  shapeCase(
    'event.path-of-messages',
    'Do events of messages have the parameters of the path?',
    'present',
    ofMessage,
    ({ hasObserver }) => hasObserver,
  ),
  shapeCase(
    'event.path-of-disconnects',
    'Do disconnect events have the parameters of the path?',
    'present',
    ofDisconnect,
    ({ hasObserver }) => hasObserver,
  ),
  shapeCase(
    'event.query-of-messages',
    'Do events of messages have the query of the handshake?',
    'absent',
    ofMessage,
    ({ hasQuery }) => hasQuery,
  ),
  shapeCase(
    'event.headers-of-messages',
    'Do events of messages have the headers of the handshake?',
    'present',
    ofMessage,
    ({ hasHandshakeHeader }) => hasHandshakeHeader,
  ),
  {
    id: 'event.default-format',
    question: 'Which payload format does a websocket get when the specification names none?',
    source: 'assumed; as in the published samples',
    assumed: 'names of 1.0 without a version',
    answers: {
      'names of 1.0 without a version': 'As the published samples.',
      'format 0.1': 'Handlers of others may need payload_format_version: "1.0" in the specification.',
      'format 1.0': 'The setting is not needed.',
    },
    otherwise: 'Name the format in the specification.',
    how: 'A path without payload_format_version; the function lists the fields of a message.',
    probe: async (bench) =>
      formatOf((await ask(bench, await enter(bench, { path: 'plain' }), { do: 'event' })).shape),
  },
  {
    id: 'path.connect-only',
    question: 'Does a path with a connect operation and no message operation take sockets?',
    source: 'assumed; the page calls the message operation mandatory, a tool of the platform has none',
    assumed: 'accepted',
    answers: { accepted: 'A path for pushing only needs no message operation.' },
    otherwise: 'Give every path a message operation; a dummy will do.',
    how: 'A handshake at such a path.',
    probe: (bench) => accepted(bench, 'connect-only'),
  },
  {
    id: 'path.message-only',
    question: 'Does a path with a message operation and no connect operation take sockets?',
    source: 'documented: the WebSocket page',
    assumed: 'accepted',
    answers: { accepted: 'A connect operation is needed only to refuse.' },
    otherwise: 'Give every path a connect operation.',
    how: 'A handshake at such a path.',
    probe: (bench) => accepted(bench, 'message-only'),
  },
];

async function ofMessage(bench: Bench): Promise<EventShape | undefined> {
  return (await ask(bench, await enter(bench), { do: 'event' })).shape;
}

async function ofDisconnect(bench: Bench): Promise<EventShape | undefined> {
  const socket = await enter(bench);
  socket.close(1000);
  return (await bench.sighting(isDisconnectOf(socket)))?.shape;
}

async function accepted(bench: Bench, path: 'connect-only' | 'message-only'): Promise<Observation> {
  const { status } = await bench.open({ path });
  return status === 101 ? 'accepted' : `refused with ${status}`;
}

function formatOf(shape: EventShape | undefined): string {
  const { version, fields = [] } = shape ?? {};
  if (version !== undefined) return `format ${version}`;
  return fields.includes('pathParameters') ? 'names of 1.0 without a version' : 'format 0.1';
}
