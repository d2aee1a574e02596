/** What several probes do. */
import { BroadcastError } from '../../base/errors.js';
import { parseJson } from '../../base/json.js';
import type { Bench, OpenOptions } from '../bench.js';
import type { ProbeCommand, ProbeEnvelope } from '../probe/command.js';
import type { Sighting } from '../probe/sighting.js';
import type { RawSocket, ReceivedBytes } from '../wire/raw-socket.js';

/** A connection that has come in. Rejects when it was refused. */
export async function enter(bench: Bench, options?: OpenOptions): Promise<RawSocket> {
  const socket = await bench.open(options);
  if (socket.status === 101) return socket;
  throw new BroadcastError('INVALID_REQUEST', `the handshake was refused with ${socket.status}`);
}

/** The next message of those that have not come yet. */
export function next(socket: RawSocket, waitMs: number): Promise<ReceivedBytes | undefined> {
  const known = new Set(socket.messages);
  return socket.message((one) => !known.has(one), waitMs);
}

/** Has the function answer. Rejects when it does not. */
export async function ask(bench: Bench, socket: RawSocket, command: ProbeCommand): Promise<Sighting> {
  const answer = next(socket, bench.answerMs);
  socket.text(bench.text(command));
  return sightingIn(await answer);
}

export function sightingIn(message: ReceivedBytes | undefined): Sighting {
  const sighting = parseJson(message?.text ?? '') as Sighting | undefined;
  if (sighting !== undefined) return sighting;
  throw new BroadcastError('NO_ANSWER', 'the probe function did not answer');
}

/** What a client sees of the answer to a command: nothing, a message, or the end of its connection. */
export async function consequence(
  bench: Bench,
  command: ProbeCommand,
  waitMs = bench.quietMs,
): Promise<string> {
  const socket = await enter(bench);
  socket.text(bench.text(command));
  const seen = (await socket.message(() => true, waitMs)) ?? (await lateMessage(bench, socket));
  const ended = seen === undefined ? await socket.ended(0) : undefined;
  socket.close(1000);
  if (ended !== undefined) return closedWith(ended.code);
  if (seen === undefined) return 'nothing';
  return seen.bytes.length === 0 ? 'an empty message' : 'a message';
}

/**
 * A machine that is busy is late with everything: what comes before the answer to another message counts as
 * well.
 */
async function lateMessage(bench: Bench, socket: RawSocket): Promise<ReceivedBytes | undefined> {
  const text = bench.text({ do: 'event' });
  const { tag } = JSON.parse(text) as ProbeEnvelope;
  const isAnswer = (message: ReceivedBytes): boolean => message.text.includes(tag);
  socket.text(text);
  await socket.message(isAnswer, bench.answerMs);
  return socket.messages.find((message) => !isAnswer(message));
}

/** Which kind of frame a reply comes in. */
export async function frameOf(bench: Bench, command: ProbeCommand): Promise<string> {
  const socket = await enter(bench);
  const message = next(socket, bench.answerMs);
  socket.text(bench.text(command));
  const kind = (await message)?.kind;
  socket.close(1000);
  return kind ?? 'nothing';
}

export const closedWith = (code: number): string => `closed with ${code}`;

/** The code that a connection ends with. */
export async function endOf(socket: RawSocket, waitMs: number): Promise<string> {
  const ended = await socket.ended(waitMs);
  return ended === undefined ? 'stays open' : closedWith(ended.code);
}

/** Both statuses of the same request, over REST and over gRPC. */
export async function statuses(rest: Promise<number>, grpc: Promise<number>): Promise<string> {
  return `HTTP ${await rest}, gRPC ${await grpc}`;
}

export const isDisconnectOf =
  ({ connectionId }: RawSocket) =>
  (sighting: Sighting): boolean =>
    sighting.event === 'DISCONNECT' && sighting.connectionId === connectionId;
