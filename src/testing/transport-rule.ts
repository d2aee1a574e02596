import assert from 'node:assert/strict';
import { BroadcastError, type ErrorCode } from '../base/errors.js';
import type { Payload, Transport } from '../model/transport.js';
import type { ContractSocket, TransportFeature, TransportWorld } from './transport-backend.js';

/** One rule of the transport contract. */
export interface TransportRule {
  /** Says what happens. */
  readonly name: string;
  /** What the backend has to have for it. */
  readonly needs?: readonly TransportFeature[];
  readonly check: (world: TransportWorld) => Promise<void>;
}

/** Time enough for an attempt that is going to be answered. */
export const IN_TIME = { timeoutMs: 20_000 };

export function send(
  transport: Transport,
  connectionId: string,
  payload: Payload,
  options = IN_TIME,
): Promise<void> {
  return transport.send(connectionId, transport.encode(payload), options);
}

/**
 * The error of a call that has to fail, which has to be a `BroadcastError` with one of these codes. May be
 * awaited later: a rule that is broken in between does not leave an unhandled rejection behind.
 */
export function failsWith(call: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<BroadcastError> {
  const error = call.then(
    () => assert.fail(`expected ${codes.join(' or ')}, but the call succeeded`),
    (reason: unknown) => isOurs(reason, codes),
  );
  error.catch(() => undefined);
  return error;
}

/** The same for a call that throws at once. */
export function throwsWith(call: () => unknown, ...codes: readonly ErrorCode[]): BroadcastError {
  try {
    call();
  } catch (reason) {
    return isOurs(reason, codes);
  }
  assert.fail(`expected ${codes.join(' or ')}, but nothing was thrown`);
}

function isOurs(reason: unknown, codes: readonly ErrorCode[]): BroadcastError {
  assert.ok(reason instanceof BroadcastError, `expected a BroadcastError, not ${String(reason)}`);
  assert.ok(codes.includes(reason.code), `expected ${codes.join(' or ')}, not ${reason.message}`);
  return reason;
}

/** Asserts that nothing has reached the socket, by what comes next being what is sent now. */
export async function heardNothing(transport: Transport, socket: ContractSocket): Promise<void> {
  await send(transport, socket.id, 'the next message');
  assert.equal(await socket.next(), 'the next message');
  assert.deepEqual(socket.pending(), []);
}

/** A transport in use, a connection to which sends get no answer, and a neighbour. */
export async function withoutAnswer({ transport, connect, fault }: TransportWorld) {
  const ours = transport();
  const [silent, socket] = [await connect(), await connect()];
  await heardNothing(ours, socket);
  fault({ on: 'send', connection: silent.id, status: 'hang' });
  return { ours, silent, socket };
}
