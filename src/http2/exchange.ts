import type { BroadcastError } from '../base/errors.js';
import type { HeaderField } from './header-encoder.js';

/**
 * What all requests of one kind have in common. One object per kind, since sessions remember how they wrote
 * it.
 */
export interface RequestTemplate {
  readonly path: string;
  /** Headers besides the pseudo-headers and `authorization`, in lower case. */
  readonly headers: readonly HeaderField[];
  /** Whether the body of the answer is wanted; of an unwanted one nothing is kept. */
  readonly wantsBody: boolean;
}

/**
 * What matters in the headers and trailers of an answer. A field of the trailers replaces one of the headers.
 */
export interface AnswerFields {
  /** HTTP status. */
  status: number;
  grpcStatus: string | undefined;
  grpcMessage: string | undefined;
  retryAfter: string | undefined;
  /** `grpc-retry-pushback-ms`: how long a gRPC server asks to wait. Negative: it asks not to retry. */
  pushback: string | undefined;
}

/** A complete answer. Of a long body only the beginning is there. */
export interface ExchangeAnswer extends AnswerFields {
  readonly body: Buffer;
}

/** One POST request on its way: made by the transport, carried by one session after the other if need be. */
export interface Exchange {
  readonly template: RequestTemplate;
  readonly token: string;
  /** The body in two parts, since one belongs to the recipient and the other to the whole broadcast. */
  readonly head: Buffer;
  readonly tail: Buffer;
  /** When the attempt is over, in Unix milliseconds. */
  readonly endsAt: number;
  readonly signal: AbortSignal | undefined;
  /** Called once, unless `onFailure` is. */
  readonly onAnswer: (answer: ExchangeAnswer) => void;
  readonly onFailure: (error: BroadcastError) => void;

  /** The rest is for whoever carries it. 0: not sent. */
  streamId: number;
  fields: AnswerFields | undefined;
  chunks: Buffer[] | undefined;
  keptBytes: number;
  /** Bytes of the answer's body that arrived since the window was last widened. */
  unacknowledged: number;
  /** How often its session had heard from the other side when the request left. */
  heardBefore: number;
  /** How often the gateway returned it without having touched it. */
  returns: number;
  onAbort: (() => void) | undefined;
}

export type NewExchange = Pick<
  Exchange,
  'template' | 'token' | 'head' | 'tail' | 'endsAt' | 'signal' | 'onAnswer' | 'onFailure'
>;

/** Written out field by field, so that all exchanges have one shape. */
export function createExchange(fields: NewExchange): Exchange {
  return {
    template: fields.template,
    token: fields.token,
    head: fields.head,
    tail: fields.tail,
    endsAt: fields.endsAt,
    signal: fields.signal,
    onAnswer: fields.onAnswer,
    onFailure: fields.onFailure,
    streamId: 0,
    fields: undefined,
    chunks: undefined,
    keptBytes: 0,
    unacknowledged: 0,
    heardBefore: 0,
    returns: 0,
    onAbort: undefined,
  };
}

/** Forgets what a session has kept, so that another one can carry it. */
export function resetExchange(exchange: Exchange): void {
  exchange.streamId = 0;
  exchange.fields = undefined;
  exchange.chunks = undefined;
  exchange.keptBytes = 0;
  exchange.unacknowledged = 0;
}

export function noFields(): AnswerFields {
  return {
    status: 0,
    grpcStatus: undefined,
    grpcMessage: undefined,
    retryAfter: undefined,
    pushback: undefined,
  };
}

/** Answers of the management API are small; what exceeds this is read, but not kept. */
const MAX_KEPT_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Keeps a copy of a part of the body, if it is wanted. */
export function keepBody(exchange: Exchange, bytes: Buffer): void {
  if (!exchange.template.wantsBody || bytes.length === 0 || exchange.keptBytes >= MAX_KEPT_BYTES) return;
  exchange.chunks ??= [];
  exchange.chunks.push(Buffer.from(bytes));
  exchange.keptBytes += bytes.length;
}

export function answerOf({ chunks }: Exchange, fields: AnswerFields): ExchangeAnswer {
  return {
    status: fields.status,
    grpcStatus: fields.grpcStatus,
    grpcMessage: fields.grpcMessage,
    retryAfter: fields.retryAfter,
    pushback: fields.pushback,
    body: chunks === undefined ? NOTHING : Buffer.concat(chunks),
  };
}
