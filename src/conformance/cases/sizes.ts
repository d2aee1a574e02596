import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, MAX_SEND_BYTES } from '../../base/protocol.js';
import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import { OPCODE } from '../wire/frames.js';
import type { RawSocket } from '../wire/raw-socket.js';
import { closedWith, consequence, enter, next } from './steps.js';

const DOCUMENTED = 'documented: limits of API Gateway';

export const sizeCases: readonly ConformanceCase[] = [
  {
    id: 'size.frame-in',
    question: 'How large may a frame of a client be?',
    source: DOCUMENTED,
    assumed: 'up to 32768 bytes',
    answers: {
      'up to 32768 bytes': 'Browsers, which send a message as one frame, can send 32 KB.',
      'more than 32768 bytes': 'Browsers can send more than the documentation says; do not rely on it.',
      'less than 32768 bytes': 'Lower maxMessageBytes of the client.',
    },
    how: 'A frame of just that size is sent, and one with a byte more.',
    probe: frameIn,
  },
  {
    id: 'size.message-in',
    question: 'How large may a message of a client be, in frames of 16 KB?',
    source: DOCUMENTED,
    assumed: 'up to 131072 bytes',
    answers: {
      'up to 131072 bytes': 'Clients that split messages can send 128 KB.',
      'more than 131072 bytes': 'The limit is not where it is documented; do not rely on it.',
      'less than 131072 bytes': 'Split what is larger than the limit.',
    },
    how: 'A message of just that size is sent in frames, and one with a byte more.',
    probe: messageIn,
  },
  {
    id: 'close.oversized',
    question: 'Which code closes a connection that sent a frame that is too large?',
    source: DOCUMENTED,
    assumed: closedWith(1009),
    answers: { [closedWith(1009)]: 'Clients can tell this mistake from others, and should not repeat it.' },
    otherwise: 'Clients cannot tell this mistake by the code.',
    how: 'A frame of 256 KB is sent.',
    probe: oversized,
  },
  {
    id: 'size.reply',
    question: 'What becomes of a reply of more than 128 KB?',
    source: 'assumed',
    assumed: 'nothing',
    answers: {
      'a message': 'Replies may be larger than sends; up to where is not known.',
      nothing: 'Check the size of replies before they are returned.',
    },
    otherwise: 'The connection ends: check the size of replies before they are returned.',
    how: 'The function replies with 131,073 bytes.',
    probe: (bench) => consequence(bench, { do: 'reply', bytes: MAX_MESSAGE_BYTES + 1 }),
  },
  {
    id: 'size.send-rest',
    question: 'How large may a message be that is sent over REST?',
    source: 'documented: 131,072 characters of base64',
    assumed: 'up to 98304 bytes',
    answers: {
      'up to 98304 bytes': 'Over REST a message may have 96 KB: base64 counts.',
      'more than 98304 bytes': 'The limit is that of the data, not of its base64.',
      'less than 98304 bytes': 'The limit is lower than it is documented.',
    },
    how: '98,304 bytes are sent, and one byte more.',
    probe: (bench) => sent(bench, bench.rest, 98_304, 200),
  },
  {
    id: 'size.send-grpc',
    question: 'How large may a message be that is sent over gRPC?',
    source: 'documented: the API definition',
    assumed: `up to ${MAX_SEND_BYTES} bytes`,
    answers: {
      [`up to ${MAX_SEND_BYTES} bytes`]: 'Over gRPC a message may have 128 KB.',
      [`more than ${MAX_SEND_BYTES} bytes`]: 'The limit is not where it is documented.',
      [`less than ${MAX_SEND_BYTES} bytes`]: 'The limit is lower than it is documented.',
    },
    how: '131,072 bytes are sent, and one byte more.',
    probe: (bench) => sent(bench, bench.grpc, MAX_SEND_BYTES, 0),
  },
];

/** A command that is filled up with blanks, so that the function answers if it arrives. */
function commandOf(bench: Bench, bytes: number): Buffer {
  return Buffer.from(bench.text({ do: 'event' }).padEnd(bytes, ' '));
}

async function isTaken(bench: Bench, put: (socket: RawSocket) => void): Promise<boolean> {
  const socket = await enter(bench);
  const answer = next(socket, bench.answerMs);
  put(socket);
  const isAnswered = (await answer) !== undefined;
  socket.close(1000);
  return isAnswered;
}

async function frameIn(bench: Bench): Promise<Observation> {
  const put = (bytes: number) => (socket: RawSocket) => {
    socket.frame(OPCODE.text, commandOf(bench, bytes));
  };
  return limitOf(MAX_FRAME_BYTES, (bytes) => isTaken(bench, put(bytes)));
}

const PART_BYTES = 16_384;

async function messageIn(bench: Bench): Promise<Observation> {
  const put = (bytes: number) => (socket: RawSocket) => {
    const whole = commandOf(bench, bytes);
    for (let at = 0; at < bytes; at += PART_BYTES) {
      const opcode = at === 0 ? OPCODE.text : OPCODE.continuation;
      socket.frame(opcode, whole.subarray(at, at + PART_BYTES), at + PART_BYTES >= bytes);
    }
  };
  return limitOf(MAX_MESSAGE_BYTES, (bytes) => isTaken(bench, put(bytes)));
}

async function limitOf(limit: number, isAccepted: (bytes: number) => Promise<boolean>): Promise<string> {
  if (!(await isAccepted(limit))) return `less than ${limit} bytes`;
  return (await isAccepted(limit + 1)) ? `more than ${limit} bytes` : `up to ${limit} bytes`;
}

async function oversized(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  socket.frame(OPCODE.text, commandOf(bench, 2 * MAX_MESSAGE_BYTES));
  const ended = await socket.ended(bench.answerMs);
  return ended === undefined ? 'stays open' : closedWith(ended.code);
}

async function sent(
  bench: Bench,
  client: Bench['rest'],
  limit: number,
  accepted: number,
): Promise<Observation> {
  const socket = await enter(bench);
  const seen = await limitOf(
    limit,
    async (bytes) => (await client.send(socket.connectionId, Buffer.alloc(bytes, 'x'))) === accepted,
  );
  socket.close(1000);
  return seen;
}
