import type { ConformanceCase } from '../case.js';
import { enter } from './steps.js';

const PAGE = 'documented: the WebSocket page';

export const handshakeCases: readonly ConformanceCase[] = [
  {
    id: 'handshake.refusal',
    question: 'What does a client see when the connect handler returns 403 with a body?',
    source: PAGE,
    assumed: 'HTTP 403 with the body',
    answers: {
      'HTTP 403 with the body': 'Clients that are not browsers can be told why.',
      'HTTP 403': 'The reason does not reach clients.',
    },
    otherwise: 'Clients cannot tell a refusal from a failure.',
    how: 'The connect handler refuses.',
    probe: async (bench) => {
      const { status, body } = await bench.open({ connect: { status: 403, body: 'no entry' } });
      return `HTTP ${status}${body.includes('no entry') ? ' with the body' : ''}`;
    },
  },
  {
    id: 'handshake.exception',
    question: 'What does a client see when the connect handler throws?',
    source: 'assumed',
    assumed: 'HTTP 502',
    answers: { 'HTTP 502': 'Clients try again later.' },
    otherwise: 'Look at what clients make of that status.',
    how: 'The connect handler throws.',
    probe: async (bench) => `HTTP ${(await bench.open({ connect: { throws: true } })).status}`,
  },
  {
    id: 'handshake.first-message',
    question: 'Does the body of the connect response arrive as a message?',
    source: 'documented: release notes of April 2024',
    assumed: 'arrives',
    answers: {
      arrives: 'onConnect can greet without a send.',
      'does not arrive': 'A greeting has to be sent after the handshake.',
    },
    how: 'The connect handler returns a body.',
    probe: async (bench) => {
      const socket = await enter(bench, { connect: { body: '{"hello":"probe"}' } });
      const message = await socket.message(({ text }) => text.includes('hello'), bench.answerMs);
      return message === undefined ? 'does not arrive' : 'arrives';
    },
  },
  {
    id: 'handshake.subprotocol',
    question: 'Does the client get the subprotocol that the connect handler chose?',
    source: 'assumed; an official example relies on it',
    assumed: 'the chosen one',
    answers: {
      'the chosen one': 'Libraries that insist on a subprotocol work.',
      none: 'Libraries that insist on a subprotocol do not work.',
    },
    otherwise: 'The gateway chooses by itself.',
    how: 'The client offers "one, two", and the handler chooses "two".',
    probe: async (bench) => {
      const headers = { 'Sec-WebSocket-Protocol': 'one, two' };
      const socket = await enter(bench, { headers, connect: { subprotocol: 'two' } });
      const chosen = socket.headers.get('sec-websocket-protocol');
      return chosen === 'two' ? 'the chosen one' : (chosen ?? 'none');
    },
  },
  {
    id: 'handshake.compression',
    question: 'Does the gateway agree on compression?',
    source: 'assumed',
    assumed: 'none',
    answers: {
      none: 'Limits are those of what is on the wire; repeated JSON is not made smaller.',
      'permessage-deflate': 'Traffic is smaller, and limits may count what is compressed.',
    },
    how: 'The client offers permessage-deflate.',
    probe: async (bench) => {
      const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
      const chosen = (await enter(bench, { headers })).headers.get('sec-websocket-extensions');
      return chosen?.split(';')[0] ?? 'none';
    },
  },
  {
    id: 'handshake.connection-id',
    question: 'Does the answer to the handshake name the connection?',
    source: PAGE,
    assumed: 'named',
    answers: { named: 'Clients that are not browsers know their id.', 'not named': 'Tell clients their id.' },
    how: 'A header of the 101.',
    probe: async (bench) => ((await enter(bench)).connectionId === '' ? 'not named' : 'named'),
  },
];
