import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import { enter, next, statuses } from './steps.js';

const GONE = 'HTTP 404, gRPC 5';
const INVALID = 'HTTP 400, gRPC 3';
const TEXT = Buffer.from('probe');

const REMOVE = 'A store may remove a connection that is answered so.';
const KEEP = 'A store has to tell it from a mistake of ours: look at src/transports/outcome.ts.';

/** A send to an id that no open connection of ours has. */
function codeCase(
  id: string,
  question: string,
  assumed: string,
  how: string,
  idOf: (bench: Bench) => Promise<string>,
): ConformanceCase {
  return {
    id,
    question,
    source: 'assumed',
    assumed,
    answers: assumed === GONE ? { [GONE]: REMOVE } : { [INVALID]: KEEP, [GONE]: REMOVE },
    otherwise: KEEP,
    how,
    probe: async (bench) => {
      const connectionId = await idOf(bench);
      return statuses(bench.rest.send(connectionId, TEXT), bench.grpc.send(connectionId, TEXT));
    },
  };
}

export const sendCases: readonly ConformanceCase[] = [
  {
    id: 'send.in-connect',
    question: 'Can the connect handler send to the connection that it is asked about?',
    source: 'assumed',
    assumed: 'refused with 404',
    answers: {
      'refused with 404': 'A first message is the body of the connect response.',
      'delivered after the handshake': 'A connect handler may send; the body of its response is simpler.',
      'accepted and lost': 'A connect handler must not send: nothing tells that it was in vain.',
    },
    otherwise: 'A connect handler must not send.',
    how: 'The connect handler sends to its own connection, and reports the status.',
    probe: inConnect,
  },
  codeCase(
    'send.gone',
    'What is the answer to a send to a connection that has closed?',
    GONE,
    'A connection closes; two seconds later it is sent to over REST and gRPC.',
    closedId,
  ),
  codeCase(
    'send.unknown',
    'What is the answer to a send to an id that never was?',
    GONE,
    'The last five characters of an open connection’s id are changed.',
    async (bench) => `${(await openId(bench)).slice(0, -5)}00000`,
  ),
  codeCase(
    'send.malformed',
    'What is the answer to a send to something that does not look like an id?',
    GONE,
    'The id is "not-an-id".',
    async () => 'not-an-id',
  ),
  codeCase(
    'send.long-id',
    'What is the answer to a send to an id of more than 50 characters?',
    INVALID,
    'The id has 51 characters.',
    async () => 'a'.repeat(51),
  ),
  codeCase(
    'send.foreign',
    'What is the answer to a send to a connection of somebody else’s gateway?',
    GONE,
    'A connection to another gateway is opened (`--foreign`) and sent to.',
    (bench) => bench.foreignId(),
  ),
  {
    id: 'send.empty',
    question: 'What is the answer to a send of no bytes?',
    source: 'assumed; the API definition says that data is required',
    assumed: INVALID,
    answers: {
      [INVALID]: 'Empty messages cannot be sent.',
      'HTTP 200, gRPC 0': 'Empty messages can be sent.',
    },
    otherwise: KEEP,
    how: 'No bytes are sent to an open connection.',
    probe: async (bench) => {
      const [connectionId, nothing] = [await openId(bench), Buffer.alloc(0)];
      return statuses(bench.rest.send(connectionId, nothing), bench.grpc.send(connectionId, nothing));
    },
  },
  {
    id: 'send.unspecified-type',
    question: 'Which frame does a send without a type make?',
    source: 'assumed',
    assumed: 'text',
    answers: { text: 'The type may be left out for text.', binary: 'Always say the type.' },
    otherwise: 'Always say the type.',
    how: 'Bytes are sent with DATA_TYPE_UNSPECIFIED over gRPC.',
    probe: (bench) => arrivesAs(bench, TEXT, 'unspecified'),
  },
  {
    id: 'send.invalid-utf8',
    question: 'What becomes of a text message that is not UTF-8?',
    source: 'assumed',
    assumed: 'text',
    answers: {
      text: 'Browsers close the connection for it: never send bytes as text.',
      binary: 'The gateway mends it.',
      'refused with gRPC 3': 'The gateway protects clients from it.',
    },
    otherwise: 'Never send bytes as text.',
    how: 'The bytes C3 28 are sent as text over gRPC.',
    probe: (bench) => arrivesAs(bench, Buffer.from([0xc3, 0x28]), 'text'),
  },
  {
    id: 'send.rate',
    question: 'How many sends a second does the gateway take before it answers 429?',
    source: 'assumed; no limit is documented',
    assumed: 'no limit found',
    answers: {
      'no limit found': 'The processor of the sender is the limit.',
      limited: 'Set the concurrency of the transport below the figure of the report.',
    },
    how: 'Sends to one connection at 50, 100, 200 … 1600 a second, five seconds each; stops at the first 429.',
    mode: 'load',
    cloudOnly: 'the local gateway has no limit but the speed of this machine',
    probe: ramp,
  },
];

async function openId(bench: Bench): Promise<string> {
  return (await enter(bench)).connectionId;
}

const SETTLED_MS = 2000;

async function closedId(bench: Bench): Promise<string> {
  const socket = await enter(bench);
  socket.close(1000);
  await socket.ended(bench.answerMs);
  await bench.pause(Math.min(SETTLED_MS, bench.quietMs));
  return socket.connectionId;
}

async function inConnect(bench: Bench): Promise<Observation> {
  const socket = await enter(bench, { connect: { sends: true } });
  const { connectionId } = socket;
  const sighting = await bench.sighting((one) => one.event === 'SEND' && one.connectionId === connectionId);
  const status = sighting?.status ?? 0;
  if (status !== 200) return status === 0 ? 'no answer' : `refused with ${status}`;
  const arrived = await socket.message(({ text }) => text.includes('"SEND"'), bench.quietMs);
  return arrived === undefined ? 'accepted and lost' : 'delivered after the handshake';
}

async function arrivesAs(bench: Bench, data: Buffer, type: 'unspecified' | 'text'): Promise<Observation> {
  const socket = await enter(bench);
  const message = next(socket, bench.answerMs);
  const status = await bench.grpc.send(socket.connectionId, data, type);
  if (status !== 0) return `refused with gRPC ${status}`;
  return (await message)?.kind ?? 'nothing';
}

const RATES = [50, 100, 200, 400, 800, 1600];
const STEP_MS = 5000;
const TURN_MS = 100;
const RATE_LIMITED = 8;

async function ramp(bench: Bench): Promise<Observation> {
  const { connectionId } = await enter(bench);
  let passed = 0;
  for (const perSecond of RATES) {
    const answers: Promise<number>[] = [];
    for (let at = 0; at < STEP_MS; at += TURN_MS) {
      for (let sent = 0; sent < (perSecond * TURN_MS) / 1000; sent++)
        answers.push(bench.grpc.send(connectionId, TEXT).catch(() => -1));
      await bench.pause(TURN_MS);
    }
    const isLimited = (await Promise.all(answers)).includes(RATE_LIMITED);
    if (isLimited)
      return { seen: 'limited', figures: { passedPerSecond: passed, limitedPerSecond: perSecond } };
    passed = perSecond;
  }
  return { seen: 'no limit found', figures: { passedPerSecond: passed } };
}
