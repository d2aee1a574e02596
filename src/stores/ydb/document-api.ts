import { BroadcastError } from '../../base/errors.js';
import { deadlineOf, type FunctionContext } from '../../base/invocation.js';
import type { Authorization } from './authorization.js';
import { createAwsService } from '../../base/aws-service.js';
import { parseJson } from '../../base/json.js';
import type { Item } from './items.js';
import { createBackoff, type Backoff } from '../../base/backoff.js';
import { isTransient, refusalOfAnswer, refusalOfNetwork, type YdbRefusal } from './refusal.js';

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
 * Asked before a request is repeated of which nobody knows whether it was carried out. Resolves with its
 * answer when it was; rejects with `STORE_UNAVAILABLE` when it cannot find out now, and is asked again.
 */
export type Clarify = () => Promise<Answer | 'repeat'>;

/**
 * The Document API of YDB, or of anything that speaks it. A request is repeated while the reason for its
 * failure may pass, until the function's deadline or `timeoutMs` comes, also when nobody knows whether it was
 * carried out: whoever calls sees to it that doing the same twice does no harm, if need be with
 * {@link Clarify}.
 */
export interface DocumentApi {
  readonly table: string;
  /** The answer to a request. Rejects with the `BroadcastError` that the refusal amounts to. */
  call(action: Action, body: object): Promise<Answer>;
  /** Like `call`; `undefined` when it is refused for this reason. */
  callUnless(reason: string, action: Action, body: object, clarify?: Clarify): Promise<Answer | undefined>;
  /**
   * Carries out all actions or none. `refused`: a condition did not hold, and nothing was done; `unsure`:
   * neither did it when this was repeated, but an attempt before got no answer and may have been carried out.
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

/** Kept free before the function's deadline, so that somebody can still be told. */
const RESERVE_MS = 200;

export function createDocumentApi(options: DocumentApiOptions): DocumentApi {
  const { endpoint, table, authorization, timeoutMs } = options;
  const url = new URL(endpoint);
  const service = createAwsService(url);
  let deadline: number | undefined;
  let isClosed = false;

  function backoff(): Backoff {
    const now = Date.now();
    // A deadline that is over belongs to an earlier call of the function.
    const isKnown = deadline !== undefined && deadline > now;
    return createBackoff(Math.min(now + timeoutMs, isKnown ? (deadline as number) - RESERVE_MS : Infinity));
  }

  async function exchange(
    headers: Record<string, string>,
    body: string,
    endsAt: number,
  ): Promise<Answer | YdbRefusal> {
    if (isClosed) throw new BroadcastError('INVALID_OPTIONS', 'ydbStore: the store was closed');
    const answer = await service.post(headers, body, endsAt);
    if ('unreachable' in answer) return refusalOfNetwork(answer);
    if (answer.status !== 200) return refusalOfAnswer(answer, table);
    const parsed = parseJson(answer.body) as Answer | undefined;
    return parsed ?? refusalOfNetwork({ unreachable: 'the answer is not JSON', cause: undefined });
  }

  async function attempt(action: Action, body: string, endsAt: number): Promise<Answer | YdbRefusal> {
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

  async function persist(
    action: Action,
    body: object,
    clarify?: Clarify,
  ): Promise<Answer | (YdbRefusal & Unsure)> {
    const { endsAt, pause } = backoff();
    const text = JSON.stringify(body);
    let throttled: YdbRefusal | undefined;
    let isUnsure = false;
    for (;;) {
      const outcome = await attempt(action, text, endsAt);
      if (!isRefusal(outcome)) return outcome;
      if (!isTransient(outcome)) return { ...outcome, isUnsure };
      if (outcome.kind === 'throttled') throttled = outcome;
      else isUnsure = true;
      let next: Clarified;
      do {
        // The last attempt may have had too little time to be answered; the reason is that the others were
        // refused.
        if (!(await pause())) return { ...(throttled ?? outcome), isUnsure };
        next = await clarified(outcome, clarify);
      } while (next === 'unclear');
      if (next !== 'repeat') return next;
    }
  }

  return {
    table,
    backoff,
    async call(action, body) {
      return answerOf(await persist(action, body));
    },
    async callUnless(reason, action, body, clarify) {
      const outcome = await persist(action, body, clarify);
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
      service.close();
    },
  };
}

interface Unsure {
  /** An attempt before the last one may have been carried out. */
  readonly isUnsure: boolean;
}

type Clarified = Answer | 'repeat' | 'unclear';

/** What a throttled service has refused it has not carried out. */
async function clarified({ kind }: YdbRefusal, clarify: Clarify | undefined): Promise<Clarified> {
  if (clarify === undefined || kind === 'throttled') return 'repeat';
  try {
    return await clarify();
  } catch (reason) {
    if (BroadcastError.from(reason).code === 'STORE_UNAVAILABLE') return 'unclear';
    throw reason;
  }
}

function isRefusal<R extends YdbRefusal>(outcome: Answer | R): outcome is R {
  return 'kind' in outcome;
}

function answerOf(outcome: Answer | YdbRefusal): Answer {
  if (isRefusal(outcome)) throw outcome.error;
  return outcome;
}
