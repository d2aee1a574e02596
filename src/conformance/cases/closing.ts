import { CONNECTION_IDLE_MS, CONNECTION_LIFETIME_MS } from '../../base/protocol.js';
import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { RawSocket } from '../wire/raw-socket.js';
import { closedWith, endOf, enter, isDisconnectOf } from './steps.js';

const EVENT_LOST = 'Rows of the store need an expiry: the library gives them one.';

function seenByFunction(
  id: string,
  question: string,
  assumed: string,
  how: string,
  end: (socket: RawSocket, bench: Bench) => unknown,
): ConformanceCase {
  return {
    id,
    question,
    source: 'assumed',
    assumed,
    answers: { [assumed]: 'onDisconnect can tell these ends apart by the code.', 'no event': EVENT_LOST },
    otherwise: 'onDisconnect is told another code: do not decide anything by it.',
    how,
    probe: async (bench) => {
      const socket = await enter(bench);
      await end(socket, bench);
      const sighting = await bench.sighting(isDisconnectOf(socket));
      return sighting === undefined ? 'no event' : codeAndReason(sighting);
    },
  };
}

function codeAndReason({ code, reason }: { code?: number | undefined; reason?: string | undefined }): string {
  const said = reason === undefined || reason === '' ? '' : ', with the reason';
  return `code ${code ?? 'missing'}${said}`;
}

export const closingCases: readonly ConformanceCase[] = [
  {
    id: 'close.after-disconnect',
    question: 'Which code does a client see after Disconnect?',
    source: 'documented: the tutorial',
    assumed: closedWith(1000),
    answers: { [closedWith(1000)]: 'Clients take it for an ordinary end, and reconnect.' },
    otherwise: 'Clients that decide by the code have to know it.',
    how: 'The connection is closed with the API.',
    probe: async (bench) => {
      const socket = await enter(bench);
      await bench.rest.disconnect(socket.connectionId);
      return endOf(socket, bench.answerMs);
    },
  },
  seenByFunction(
    'disconnect.close-frame',
    'What is the function told when a client closes with 4001 and a reason?',
    'code 4001, with the reason',
    'The client sends a close frame.',
    (socket) => {
      socket.close(4001, 'probe');
    },
  ),
  seenByFunction(
    'disconnect.fin',
    'What is the function told when a client goes without a close frame?',
    'code 1006',
    'The client ends TCP in good order.',
    (socket) => {
      socket.fin();
    },
  ),
  seenByFunction(
    'disconnect.reset',
    'What is the function told when a client’s connection is cut off?',
    'code 1006',
    'The client resets TCP.',
    (socket) => {
      socket.reset();
    },
  ),
  seenByFunction(
    'disconnect.api',
    'What is the function told after Disconnect?',
    'code 1000',
    'The connection is closed with the API.',
    (socket, bench) => bench.rest.disconnect(socket.connectionId),
  ),
  {
    id: 'disconnect.loss',
    question: 'How many disconnect events are lost when clients leave one after the other?',
    source: 'documented: attempted, not guaranteed',
    assumed: 'none',
    answers: { none: 'Stale rows are rare.', some: EVENT_LOST },
    how: 'Twenty clients leave, a tenth of a second apart, in turn with a close frame and without.',
    probe: (bench) => loss(bench, 20, 100),
  },
  {
    id: 'disconnect.mass',
    question: 'How many disconnect events are lost when sixty clients leave at once?',
    source: 'assumed; a quota of ten calls in a zone is documented, another attempt is not',
    assumed: 'some',
    answers: {
      none: 'The platform spreads them out, or tries again.',
      some: 'When a network breaks, rows of many clients stay behind until they expire.',
    },
    how: 'Sixty clients leave at the same time, in turn with a close frame and without.',
    mode: 'load',
    probe: (bench) => loss(bench, 60, 0),
  },
  {
    id: 'disconnect.during-connect',
    question: 'Is there a disconnect event for a client that goes during the connect call?',
    source: 'assumed',
    assumed: 'an event',
    answers: {
      'an event': 'What onConnect has stored is removed.',
      'no event': 'Clients that give up early leave rows behind until these expire.',
    },
    how: 'The connect handler takes a second; the client goes after half of it.',
    probe: duringConnect,
  },
  {
    id: 'close.idle',
    question: 'Which code ends a connection that was silent for ten minutes?',
    source: 'assumed; the ten minutes are documented',
    assumed: closedWith(1001),
    answers: {
      [closedWith(1001)]: 'Clients reconnect.',
      'stays open': 'The limit is not where it is documented.',
    },
    otherwise: 'Clients that decide by the code have to know it.',
    how: 'A client says nothing for ten and a half minutes.',
    mode: 'idle',
    probe: async (bench) => {
      const socket = await enter(bench);
      await bench.pass(CONNECTION_IDLE_MS + 30_000);
      return endOf(socket, bench.quietMs);
    },
  },
  {
    id: 'close.lifetime',
    question: 'Which code ends a connection after 60 minutes?',
    source: 'assumed; the 60 minutes are documented',
    assumed: closedWith(1001),
    answers: {
      [closedWith(1001)]: 'Clients reconnect.',
      'stays open': 'The limit is not where it is documented.',
    },
    otherwise: 'Clients that decide by the code have to know it.',
    how: 'A client pings and says something every five minutes until an hour is over.',
    mode: 'lifetime',
    probe: lifetime,
  },
];

async function loss(bench: Bench, clients: number, apartMs: number): Promise<Observation> {
  const sockets: RawSocket[] = [];
  for (let opened = 0; opened < clients; opened++) sockets.push(await enter(bench));
  for (const [index, socket] of sockets.entries()) {
    if (index % 2 === 0) socket.close(1000);
    else socket.reset();
    if (apartMs > 0) await bench.pause(apartMs);
  }
  const isMissing = (socket: RawSocket): boolean => bench.sightings(isDisconnectOf(socket)).length === 0;
  for (let waited = 0; waited < bench.answerMs && sockets.some(isMissing); waited += bench.quietMs)
    await bench.pause(bench.quietMs);
  const lost = sockets.filter(isMissing).length;
  return { seen: lost === 0 ? 'none' : 'some', figures: { clients, lost } };
}

async function duringConnect(bench: Bench): Promise<Observation> {
  const isBegun = bench.sightings((one) => one.event === 'CONNECT').length;
  const opening = bench.open({ connect: { report: true, sleepMs: 1000 }, abandonAfterMs: 500 });
  await opening.catch(() => undefined);
  const [told] = bench.sightings((one) => one.event === 'CONNECT').slice(isBegun);
  const { connectionId } = told ?? {};
  const sighting = await bench.sighting(
    (one) => one.event === 'DISCONNECT' && one.connectionId === connectionId,
    1000 + bench.answerMs,
  );
  return sighting === undefined ? 'no event' : 'an event';
}

const PING_MS = 5 * 60_000;

async function lifetime(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  for (let passed = 0; passed < CONNECTION_LIFETIME_MS; passed += PING_MS) {
    await bench.pass(PING_MS);
    socket.ping();
    socket.text(bench.text({ do: 'reply', body: null }));
    await bench.pause(50);
  }
  await bench.pass(60_000);
  return endOf(socket, bench.quietMs);
}
