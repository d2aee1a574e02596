import {
  checkAgainst,
  messageDetails,
  type ClientMessageDetails,
  type Contract,
} from '../../model/contract.js';
import { BroadcastError } from '../../base/errors.js';
import type { MessageEvent } from '../../model/events.js';
import { checkStandard } from '../../model/standard-schema.js';
import { isReport, summaryOf } from '../../model/report.js';
import { createConnectionHandle, type Connection, type HandleDeps } from './connection-handle.js';
import { limitSize, readEnvelope, type Envelope } from './envelope.js';
import { EXPIRED, sayGoodbye } from './goodbye.js';
import type { CallTools, MessageHook, RawMessageHook } from './hooks.js';
import {
  empty,
  errorReply,
  isExpected,
  rawReply,
  reply,
  toClientError,
  type GatewayResponse,
} from './responses.js';
import { handleOnce, requireOnceId, type OnceDeps } from './once/handle-once.js';
import { answerSession, isSessionType } from './session/answer.js';
import type { HelloDeps } from './session/hello.js';

export interface MessageDeps<K extends Contract> extends HandleDeps, HelloDeps, OnceDeps {
  readonly contract: K | undefined;
  readonly maxMessageBytes: number;
  readonly handlers: ReadonlyMap<string, MessageHook<K, never>>;
  /** Told of a type that is in the contract and has no handler. */
  readonly reportUnhandled: (type: string) => void;
  readonly onMessage?: RawMessageHook<K> | undefined;
}

/**
 * Answers one message of a client. Whatever goes wrong becomes an error message to this client, with status
 * 200: what a client sees of any other status is not documented. The message is checked before the store is
 * asked for anything.
 */
export async function handleMessage<K extends Contract>(
  parts: MessageDeps<K>,
  tools: CallTools<K>,
  event: MessageEvent,
): Promise<GatewayResponse> {
  const call: Call = { id: undefined, step: undefined };
  try {
    return await answer(parts, tools, event, call);
  } catch (reason) {
    if (call.step !== undefined && !isExpected(reason)) parts.report(reason, call.step);
    return errorReply(call.id, toClientError(reason));
  }
}

/** What is known of a message by the time something goes wrong. */
interface Call {
  /** The client's id for it. */
  id: string | undefined;
  /** What is being done with it; absent while it is being checked, where mistakes are the client's. */
  step: string | undefined;
}

async function answer<K extends Contract>(
  parts: MessageDeps<K>,
  tools: CallTools<K>,
  event: MessageEvent,
  call: Call,
): Promise<GatewayResponse> {
  const { body } = event;
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (parts.contract === undefined || typeof body !== 'string')
    return answerRaw(parts, tools, event, bytes, call);

  const envelope = readEnvelope(body, bytes, parts.maxMessageBytes);
  const { type, id } = envelope;
  call.id = id;
  if (isSessionType(type)) {
    limitSize(bytes, parts.maxMessageBytes);
    return answerSession(parts, { type, data: envelope.data, id }, () => loadFor(type));
  }
  const details = specificationOf(parts.contract, type);
  limitSize(bytes, details.maxBytes ?? parts.maxMessageBytes);
  const handler = parts.handlers.get(type);
  if (handler === undefined) {
    parts.reportUnhandled(type);
    throw unknownType(type);
  }

  // What is no issue of the schema but thrown by it is the developer's to hear.
  call.step = `the schema of message '${type}'`;
  const data = checkData(details, envelope.data) as never;
  const onceId = details.once === true ? requireOnceId(type, id) : undefined;
  const connection = await loadFor(type);
  const handle = async (): Promise<unknown> => handler({ ...tools, data, connection, event, messageId: id });
  const answerWith = (result: unknown): GatewayResponse => replyWith(details, envelope, result);
  if (onceId === undefined) return answerWith(await handle());
  return handleOnce(parts, { type, id: onceId, user: connection.user }, tools.context, handle, answerWith);

  /** What goes wrong from here on is no mistake of the client's. */
  async function loadFor(step: string): Promise<Connection> {
    call.step = `message '${step}'`;
    return load(parts, event);
  }
}

async function answerRaw<K extends Contract>(
  parts: MessageDeps<K>,
  tools: CallTools<K>,
  event: MessageEvent,
  bytes: number,
  call: Call,
): Promise<GatewayResponse> {
  limitSize(bytes, parts.maxMessageBytes);
  if (parts.onMessage === undefined) {
    const kind = typeof event.body === 'string' ? 'text' : 'binary';
    throw new BroadcastError('INVALID_MESSAGE', `this server does not accept ${kind} messages`);
  }
  call.step = 'message';
  const connection = await load(parts, event);
  const result = await parts.onMessage({ ...tools, body: event.body, connection, event });
  return rawReply(isReport(result) ? undefined : result);
}

function specificationOf(contract: Contract, type: string): ClientMessageDetails {
  const spec = Object.hasOwn(contract.client, type) ? contract.client[type] : undefined;
  if (spec === undefined) throw unknownType(type);
  return messageDetails(spec);
}

function unknownType(type: string): BroadcastError {
  return new BroadcastError('UNKNOWN_TYPE', `there is no message type '${type.slice(0, 64)}'`, {
    path: ['type'],
  });
}

function checkData({ data: schema }: ClientMessageDetails, data: unknown): unknown {
  const result = checkStandard(schema, data);
  if (result.success) return result.data;
  throw new BroadcastError('INVALID_MESSAGE', result.message, { path: ['data', ...result.path] });
}

async function load<K extends Contract>(parts: MessageDeps<K>, event: MessageEvent): Promise<Connection> {
  const stored = await parts.store.get(event.connectionId);
  if (stored !== undefined) return createConnectionHandle(stored, parts);
  // Its identity has expired, or it was removed: either way nothing reaches it any more, so it should come
  // back.
  if (parts.contract !== undefined) {
    await sayGoodbye(parts.transport, event.connectionId, EXPIRED).catch((reason: unknown) => {
      parts.report(reason, 'goodbye');
    });
  }
  throw new BroadcastError('CONNECTION_STALE', 'the store does not have this connection');
}

/**
 * A handler that returns nothing answers only a client that gave its message an id, and so waits for an
 * answer.
 */
function replyWith(
  { reply: schema }: ClientMessageDetails,
  { id, type }: Envelope,
  returned: unknown,
): GatewayResponse {
  if (returned === undefined && id === undefined) return empty();
  // `=> to(room).send(…)` returns a report, whose cursor and failures are no business of a client's.
  const result = isReport(returned) ? summaryOf(returned) : returned;
  return reply(id, schema === undefined ? result : checkAgainst(schema, result, `the reply to '${type}'`));
}
