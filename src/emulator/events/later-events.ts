/**
 * What is guessed of events: what those after the connect event still have, and what a specification leaves
 * open.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Guesses } from '../profile/guesses.js';
import type { Operation } from '../routing/routes.js';
import type { Handshake } from './handshake.js';

/** The handshake as an event of this type tells it. */
export function rememberedOf(
  handshake: Handshake,
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
  guess: Guesses,
): Handshake {
  if (eventType === 'CONNECT') return handshake;
  const isMessage = eventType === 'MESSAGE';
  const path = guess(isMessage ? 'event.path-of-messages' : 'event.path-of-disconnects');
  const hasHeaders = !isMessage || guess('event.headers-of-messages') === 'present';
  const hasAuthorizer = !isMessage || guess('authorizer.context-of-messages') === 'present';
  return {
    ...handshake,
    pathParameters: path === 'present' ? handshake.pathParameters : {},
    headers: hasHeaders ? handshake.headers : {},
    multiValueHeaders: hasHeaders ? handshake.multiValueHeaders : {},
    authorizer: hasAuthorizer ? handshake.authorizer : undefined,
  };
}

/** Of the specification, or what is taken where it names none. */
export function withFormat(operation: Operation, guess: Guesses): Operation {
  const seen = guess('event.default-format');
  const payloadFormat =
    operation.payloadFormat ?? (seen === 'format 0.1' ? '0.1' : seen === 'format 1.0' ? '1.0' : undefined);
  return { ...operation, payloadFormat };
}

export function requestIdOf({ connectionId }: Handshake, guess: Guesses): string {
  if (guess('ids.request') === 'an id for each event') return randomUUID();
  const digits = createHash('sha256').update(connectionId).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
