/**
 * The connection management API, whichever way it is asked: who may call, what is valid, what happens, one
 * line on the timeline. How requests and answers look on the wire is in rest.ts and grpc.ts.
 */
import { isUtf8 } from 'node:buffer';
import { MAX_CONNECTION_ID_LENGTH } from '../../base/protocol.js';
import type { ConnectionInfo } from '../../model/transport.js';
import type { Broadcasts } from '../library/broadcasts.js';
import type { OpenConnection } from '../sockets/connections.js';
import { failureOf } from '../faults/send-failure.js';
import type { FaultTable } from '../faults/table.js';
import type { Waiting } from '../faults/waiting.js';
import { codeIn, type Guesses } from '../profile/guesses.js';
import type { Gateway } from '../sockets/gateway.js';
import { invalid, notFoundText, Refusal, refusalIn } from './refusal.js';
import type { Timeline } from '../timeline/timeline.js';

export interface ManagementOptions {
  readonly gateway: Gateway;
  readonly timeline: Timeline;
  readonly faults: FaultTable;
  readonly waiting: Waiting;
  readonly broadcasts: Broadcasts;
  readonly gatewayId: string;
  /** The only token that is accepted; any at all when `undefined`. */
  readonly token: string | undefined;
  readonly guess: Guesses;
}

export type ManagementOperation = 'send' | 'get' | 'disconnect';

/** A request as its wire format tells it. Each part throws a {@link Refusal} when it is malformed. */
export interface ManagementRequest {
  readonly via: 'REST' | 'gRPC';
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The broadcast that a send belongs to, as the header tells; see `src/model/diagnostics.ts`. */
  readonly broadcast: string | undefined;
  target(): { readonly operation: ManagementOperation; readonly connectionId: string };
  /** Of a send. */
  message(): OutgoingMessage;
}

export interface OutgoingMessage {
  readonly data: Buffer;
  readonly frame: 'text' | 'binary';
}

/** `undefined` stands for the empty answer of a send or a disconnect; `hang` and `reset` for no answer. */
export type ManagementAnswer = ConnectionInfo | undefined | Refusal | 'hang' | 'reset';

export interface Management {
  /** Carries out one request. Never throws. */
  perform(request: ManagementRequest): Promise<ManagementAnswer>;
}

export function createManagement(options: ManagementOptions): Management {
  return {
    async perform(request) {
      const startedAt = performance.now();
      const { via, broadcast } = request;
      const call: Call = { type: 'send', via, connectionId: undefined, fault: undefined };
      const answer = await attempt(options, request, call);
      log(options.timeline, call, answer, performance.now() - startedAt);
      if (broadcast !== undefined) options.broadcasts.sent(broadcast, outcomeOf(answer));
      return answer;
    },
  };
}

/** What is known of a call by the time it is logged. */
interface Call {
  type: 'send' | 'get' | 'kick';
  readonly via: 'REST' | 'gRPC';
  connectionId: string | undefined;
  bytes?: number;
  frame?: 'text' | 'binary';
  warning?: string | undefined;
  fault: string | undefined;
}

async function attempt(
  options: ManagementOptions,
  request: ManagementRequest,
  call: Call,
): Promise<ManagementAnswer> {
  try {
    authenticate(request.authorization, options.token);
    return await perform(options, request, call);
  } catch (error) {
    return error instanceof Refusal ? error : new Refusal(500, 13, 'internal error of the local gateway');
  }
}

function authenticate(authorization: string | undefined, expected: string | undefined): void {
  const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) throw new Refusal(401, 16, 'Authorization: Bearer <IAM token> is missing');
  if (expected !== undefined && token !== expected) throw new Refusal(401, 16, 'The token is invalid');
}

async function perform(
  options: ManagementOptions,
  request: ManagementRequest,
  call: Call,
): Promise<ManagementAnswer> {
  const { operation, connectionId } = request.target();
  call.type = operation === 'disconnect' ? 'kick' : operation;
  call.connectionId = connectionId;
  if (connectionId === '') throw invalid('connection_id: is required');
  if (connectionId.length > MAX_CONNECTION_ID_LENGTH)
    throw refusalIn(
      options.guess('send.long-id'),
      `connection_id: at most ${MAX_CONNECTION_ID_LENGTH} characters`,
    );
  if (strike(options, 'token', call) !== undefined) throw new Refusal(401, 16, 'The token has expired');
  if (operation === 'send') return send(options, connectionId, request, call);
  const connection = find(options, connectionId);
  if (operation === 'get') return infoOf(options, connection);
  // Clients of a connection that was closed this way see code 1000 and no reason, as the official tutorial
  // shows.
  const code = codeIn(options.guess('close.after-disconnect')) ?? 1000;
  options.gateway.close(connection, { code, reason: '', by: 'api' });
  return undefined;
}

async function send(
  options: ManagementOptions,
  connectionId: string,
  request: ManagementRequest,
  call: Call,
): Promise<ManagementAnswer> {
  const { data, frame } = request.message();
  call.bytes = data.length;
  call.frame = frame;
  const fault = strike(options, 'send', call);
  if (fault?.delayMs !== undefined) await options.waiting.wait(fault.delayMs);
  const failure = fault === undefined ? undefined : failureOf(fault, connectionId, options.gateway);
  if (failure !== undefined && failure !== 'answer-lost') return failure;
  if (frame === 'text') call.warning = oddText(data, call.via);
  options.gateway.deliver(find(options, connectionId), data, frame === 'binary', () => {
    if (request.broadcast !== undefined) options.broadcasts.written(request.broadcast, connectionId);
  });
  return failure === undefined ? undefined : 'reset';
}

/** What goes wrong with this call, noted on it. */
function strike<P extends 'send' | 'token'>({ faults, gateway }: ManagementOptions, point: P, call: Call) {
  const { connectionId = '' } = call;
  const handshake = gateway.connections.get(connectionId)?.handshake;
  const struck = faults.decide(point, { connectionId, path: handshake?.path, template: handshake?.template });
  call.fault = struck?.text;
  return struck?.fault;
}

function outcomeOf(answer: ManagementAnswer): 'accepted' | 'unknown' | 'refused' {
  if (answer instanceof Refusal) return answer.status === 404 ? 'unknown' : 'refused';
  return typeof answer === 'string' ? 'refused' : 'accepted';
}

/**
 * Text that cannot have been meant. The official SDK takes a string as `data` for base64 and sends what that
 * decodes to; which is seen when it is no UTF-8, or holds control characters, and only then.
 */
function oddText(data: Buffer, via: Call['via']): string | undefined {
  // What the cloud does with it is not documented; sockets are closed by browsers for it.
  if (!isUtf8(data)) return `TEXT that is not UTF-8. ${SDK_HINT}`;
  // Tabs and line breaks are text.
  const isControl = (byte: number): boolean => byte < 0x09 || (byte > 0x0d && byte < 0x20);
  return via === 'gRPC' && data.some(isControl) ? `TEXT with control characters. ${SDK_HINT}` : undefined;
}

const SDK_HINT = 'The official SDK takes a string for base64: give it a Buffer as data';

function find({ gateway, guess }: ManagementOptions, id: string): OpenConnection {
  const connection = gateway.connections.get(id);
  // Which of the ids that are not open have been, is not remembered.
  if (connection === undefined)
    throw refusalIn(guess(/^[a-z0-9]{20,}$/.test(id) ? 'send.gone' : 'send.malformed'), notFoundText(id));
  return connection;
}

function infoOf(
  { gatewayId }: ManagementOptions,
  { id, handshake, lastActiveAt }: OpenConnection,
): ConnectionInfo {
  const { sourceIp, connectedAt } = handshake;
  const userAgent = handshake.headers['User-Agent'] ?? '';
  return { id, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt };
}

function log(timeline: Timeline, call: Call, answer: ManagementAnswer, durationMs: number): void {
  const { warning, ...known } = call;
  if (typeof answer === 'string') {
    timeline.add({
      ...known,
      durationMs,
      reason: `no answer: ${answer}, by an injected fault`,
      level: 'warning',
    });
    return;
  }
  const isRefused = answer instanceof Refusal;
  timeline.add({
    ...known,
    status: isRefused ? answer.status : 200,
    durationMs,
    reason: isRefused ? answer.message : warning,
    level: isRefused || warning !== undefined ? 'warning' : 'info',
  });
}
