import { BroadcastError } from '../../base/errors.js';
import { deadlineOf, type FunctionContext } from '../../base/invocation.js';
import type { Authorization } from './authorization.js';
import { createPoster } from '../../base/http-post.js';
import type { Item } from './items.js';
import { createBackoff, type Backoff } from '../../base/backoff.js';
import { isTransient, refusalOfAnswer, refusalOfNetwork, type Refusal } from './refusal.js';

/** What an answer may hold, of all actions that this store uses. */
export interface Answer {
  readonly Attributes?: Item;
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Count?: number;
  readonly LastEvaluatedKey?: Item;
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly UnprocessedItems?: Readonly<Record<string, readonly WriteRequest[]>>;
  readonly Table?: TableDescription;
  readonly TimeToLiveDescription?: { readonly TimeToLiveStatus?: string };
}

export interface WriteRequest {
  readonly DeleteRequest: { readonly Key: Item };
}

export interface TableDescription {
  readonly TableStatus?: string;
  readonly KeySchema?: readonly { readonly AttributeName: string; readonly KeyType: string }[];
}

export type Action =
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'CreateTable'
  | 'DeleteItem'
  | 'DescribeTable'
  | 'DescribeTimeToLive'
  | 'GetItem'
  | 'PutItem'
  | 'Query'
  | 'TransactWriteItems'
  | 'UpdateItem'
  | 'UpdateTimeToLive';

/**
 * The Document API of YDB, or of anything that speaks it. A request is repeated while the reason for its failure may
 * pass, until the function's deadline or `timeoutMs` comes, also when nobody knows whether it was carried out: whoever
 * calls sees to it that doing the same twice does no harm.
 */
export interface DocumentApi {
  readonly table: string;
  /** The answer to a request. Rejects with the `BroadcastError` that the refusal amounts to. */
  call(action: Action, body: object): Promise<Answer>;
  /** Like `call`; `undefined` when it is refused for this reason. */
  callUnless(reason: string, action: Action, body: object): Promise<Answer | undefined>;
  /**
   * Carries out all actions or none. `refused`: a condition did not hold, and nothing was done; `unsure`: neither did it
   * when this was repeated, but an attempt before got no answer and may have been carried out.
   */
  transact(actions: readonly object[]): Promise<'done' | 'refused' | 'unsure'>;
  /** Like `call`, but one attempt is all. */
  callOnce(action: Action, body: object): Promise<Answer>;
  /** How long a call that begins now may take. */
  backoff(): Backoff;
  onInvocation(context: FunctionContext): void;
  close(): void;
}

export interface DocumentApiOptions {
  readonly endpoint: string;
  readonly table: string;
  readonly authorization: Authorization;
  /** Longest time for a request with all its repetitions, in milliseconds. */
  readonly timeoutMs: number;
}

/** The reason of a refusal when the condition of a request does not hold. */
export const CONDITION_FAILED = 'ConditionalCheckFailedException';

/** The same of a transaction. Which condition it was is not documented. */
const TRANSACTION_CANCELED = 'TransactionCanceledException';

/** Longest time for one attempt; if it takes longer, the connection is dead. */
const ATTEMPT_TIMEOUT_MS = 3000;
/** Kept free before the function's deadline, so that somebody can still be told. */
const RESERVE_MS = 200;

export function createDocumentApi(options: DocumentApiOptions): DocumentApi {
  const { endpoint, table, authorization, timeoutMs } = options;
  const url = new URL(endpoint);
  const poster = createPoster();
  let deadline: number | undefined;
  let isClosed = false;

  function backoff(): Backoff {
    const now = Date.now();
    // A deadline that is over belongs to an earlier call of the function.
    const isKnown = deadline !== undefined && deadline > now;
    return createBackoff(Math.min(now + timeoutMs, isKnown ? (deadline as number) - RESERVE_MS : Infinity));
  }

  async function exchange(headers: Record<string, string>, body: string, endsAt: number) {
    if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'ydbStore: the store was closed');
    const timeLeftMs = Math.max(1, endsAt - Date.now());
    try {
      const request = { url, headers, body, timeoutMs: Math.min(ATTEMPT_TIMEOUT_MS, timeLeftMs) };
      const answer = await poster.post(request);
      return answer.status === 200 ? (JSON.parse(answer.body) as Answer) : refusalOfAnswer(answer, table);
    } catch (reason) {
      return refusalOfNetwork(reason);
    }
  }

  async function attempt(action: Action, body: string, endsAt: number): Promise<Answer | Refusal> {
    const headers = {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `DynamoDB_20120810.${action}`,
    };
    const request = { url, headers, body };
    const signed = await authorization.headersFor(request);
    const outcome = await exchange(signed, body, endsAt);
    // A token can be revoked before it expires: a fresh one gets a second chance.
    const isDenied = isRefusal(outcome) && outcome.kind === 'unauthenticated';
    if (!isDenied || !(await authorization.renew(signed))) return outcome;
    return exchange(await authorization.headersFor(request), body, endsAt);
  }

  async function persist(action: Action, body: object): Promise<Answer | (Refusal & Unsure)> {
    const { endsAt, pause } = backoff();
    const text = JSON.stringify(body);
    let throttled: Refusal | undefined;
    let isUnsure = false;
    for (;;) {
      const outcome = await attempt(action, text, endsAt);
      if (!isRefusal(outcome)) return outcome;
      if (!isTransient(outcome)) return { ...outcome, isUnsure };
      if (outcome.kind === 'throttled') throttled = outcome;
      else isUnsure = true;
      // The last attempt may have had too little time to be answered; the reason is that the others were refused.
      if (!(await pause())) return { ...(throttled ?? outcome), isUnsure };
    }
  }

  return {
    table,
    backoff,
    async call(action, body) {
      return answerOf(await persist(action, body));
    },
    async callUnless(reason, action, body) {
      const outcome = await persist(action, body);
      return isRefusal(outcome) && outcome.type === reason ? undefined : answerOf(outcome);
    },
    async transact(actions) {
      const outcome = await persist('TransactWriteItems', { TransactItems: actions });
      if (isRefusal(outcome) && outcome.type === TRANSACTION_CANCELED)
        return outcome.isUnsure ? 'unsure' : 'refused';
      answerOf(outcome);
      return 'done';
    },
    async callOnce(action, body) {
      return answerOf(await attempt(action, JSON.stringify(body), backoff().endsAt));
    },
    onInvocation(context) {
      deadline = deadlineOf(context, Date.now());
      authorization.onInvocation(context);
    },
    close() {
      isClosed = true;
      poster.close();
    },
  };
}

interface Unsure {
  /** An attempt before the last one may have been carried out. */
  readonly isUnsure: boolean;
}

function isRefusal<R extends Refusal>(outcome: Answer | R): outcome is R {
  return 'kind' in outcome;
}

function answerOf(outcome: Answer | Refusal): Answer {
  if (isRefusal(outcome)) throw outcome.error;
  return outcome;
}
