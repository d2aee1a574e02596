import type { Gateway } from '../sockets/gateway.js';
import { grpcCodeOf, notFound, Refusal } from '../management/refusal.js';
import type { ParsedFault } from './fault.js';

/** How a send that is struck ends; `undefined` when it was only slow. */
export function failureOf(
  { status, retryAfterSeconds }: Extract<ParsedFault, { on: 'send' }>,
  connectionId: string,
  gateway: Gateway,
): Refusal | 'hang' | 'reset' | 'answer-lost' | undefined {
  if (typeof status === 'number')
    return new Refusal(status, grpcCodeOf(status), 'an injected fault', retryAfterSeconds);
  if (status !== 'gone') return status;
  const connection = gateway.connections.get(connectionId);
  if (connection !== undefined)
    gateway.drop(connection, { code: 1006, reason: 'a fault of sends', by: 'fault' });
  return notFound(connectionId);
}
