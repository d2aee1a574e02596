import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { NO_PROFILE, type Guesses } from '../profile/guesses.js';
import { createFunctionContext, type FunctionIdentity } from '../events/function-context.js';

/** A function as the platform calls it. */
export type FunctionHandler = (event: never, context: never) => unknown;

/** What the gateway gets back from the function service. */
export interface FunctionInvocation {
  /**
   * 200 when the function answered; 429 when as many calls are under way as may be, 502 for an exception or a
   * malformed answer, 504 when it took too long.
   */
  readonly status: 200 | 429 | 502 | 504;
  /** Set when the function answered. */
  readonly response?: FunctionResponse | undefined;
  /** What the function returned, as JSON has it; for authorizers, whose answers have no status code. */
  readonly result?: unknown;
  /** Set when it did not: what went wrong, for the log. */
  readonly problem?: string | undefined;
  /** Whether the function came to its end by itself, whatever it returned. Triggers ask for no more. */
  readonly hasReturned?: boolean | undefined;
  /** The instance that took the call, if the function has instances. */
  readonly instance?: InstanceOfCall | undefined;
  readonly durationMs: number;
}

export interface InstanceOfCall {
  readonly id: number;
  /** How long its start took, in milliseconds, when the call had to wait for it. */
  readonly coldMs?: number | undefined;
}

export interface FunctionResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that stand more than once. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Decoded. */
  readonly body: Buffer;
}

/** What is particular to one call, beside its event. */
export interface InvokeOptions {
  /** The instance dies this long after the call has begun, in milliseconds: the answer is 502. */
  readonly killAfterMs?: number | undefined;
  /** Under which id the function is called. Default: that of a gateway with one function. */
  readonly functionId?: string | undefined;
}

/** Calls a function. The gateway knows nothing of how: in this process, in a worker, in many of them. */
export interface Invoker {
  invoke(event: Record<string, unknown>, options?: InvokeOptions): Promise<FunctionInvocation>;
  /** Calls that have not ended. */
  underWay(): number;
}

export interface InvokerOptions {
  readonly handler: FunctionHandler;
  readonly identity: FunctionIdentity;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Calls the handler in this process. It cannot stop a call that takes too long, only stop waiting for it. */
export function createInProcessInvoker({ handler, identity, timeoutMs, clock }: InvokerOptions): Invoker {
  let underWay = 0;

  async function call(
    event: Record<string, unknown>,
    { killAfterMs, functionId = identity.functionId }: InvokeOptions,
  ): Promise<Omit<FunctionInvocation, 'durationMs'>> {
    const deadline = clock.now() + timeoutMs;
    // The event travels as JSON, so a handler never shares an object with the gateway.
    const delivered: unknown = JSON.parse(JSON.stringify(event));
    const context = createFunctionContext(
      { ...identity, functionId },
      delivered,
      randomUUID(),
      deadline,
      clock,
    );
    const ends = [{ at: deadline, outcome: timedOut(timeoutMs) }];
    if (killAfterMs !== undefined) ends.push({ at: clock.now() + killAfterMs, outcome: KILLED });
    const end = earliest(clock, ends);
    try {
      const work = Promise.resolve(handler(delivered as never, context as never));
      return await Promise.race([work.then(readResponse), end.reached]);
    } catch (error) {
      return { status: 502, problem: describe(error) };
    } finally {
      end.cancel();
    }
  }

  return {
    async invoke(event, options = {}) {
      const startedAt = performance.now();
      underWay++;
      try {
        return { ...(await call(event, options)), durationMs: performance.now() - startedAt };
      } finally {
        underWay--;
      }
    },
    underWay: () => underWay,
  };
}

/** A call that has not ended by itself. */
type Cut = Pick<FunctionInvocation, 'status' | 'problem'>;

const timedOut = (timeoutMs: number): Cut => ({ status: 504, problem: `no answer within ${timeoutMs} ms` });
const KILLED: Cut = { status: 502, problem: 'the instance was killed' };

/** Whichever instant comes first. */
function earliest(clock: Clock, ends: readonly { readonly at: number; readonly outcome: Cut }[]) {
  const cancels: (() => void)[] = [];
  const reached = new Promise<Cut>((resolve) => {
    for (const { at, outcome } of ends) {
      const end = (): void => {
        resolve(outcome);
      };
      // A manual clock stands still, and with it whatever is due now.
      if (at <= clock.now()) end();
      else cancels.push(clock.at(at, end));
    }
  });
  return {
    reached,
    cancel() {
      for (const cancel of cancels) cancel();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

type FunctionAnswer = Pick<FunctionInvocation, 'status' | 'response' | 'result' | 'problem' | 'hasReturned'>;

/** The platform takes an object with a status code; anything else is a 502 of the function service. */
export function readResponse(result: unknown): FunctionAnswer {
  return readResponseText(JSON.stringify(result));
}

/** The same from JSON; `undefined` stands for a result that has none. */
export function readResponseText(json: string | undefined): FunctionAnswer {
  const plain: unknown = json === undefined ? undefined : JSON.parse(json);
  if (typeof plain !== 'object' || plain === null) return malformed('it is not an object');
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = plain as Record<string, unknown>;
  // Whether the platform takes a text such as '200' is not documented; that it does not is an assumption.
  if (typeof statusCode !== 'number')
    return { ...malformed(`statusCode is of the type ${typeof statusCode}, not a number`), result: plain };
  if (body !== undefined && body !== null && typeof body !== 'string')
    return malformed('body is not a string');
  const bytes = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
  const lists = multiValueHeaders === undefined ? undefined : listsOf(multiValueHeaders);
  const single = { ...lastOf(lists), ...lowerCased(headers) };
  const response = { statusCode, headers: single, multiValueHeaders: lists, body: bytes };
  return { status: 200, response, result: plain, hasReturned: true };
}

function malformed(why: string): Pick<FunctionInvocation, 'status' | 'problem' | 'hasReturned'> {
  return { status: 502, problem: `malformed function response: ${why}`, hasReturned: true };
}

function lowerCased(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

/** Who gives a header in a list gives it, too; an answer on a socket has it once. */
function lastOf(lists: Readonly<Record<string, readonly string[]>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(lists ?? {}).map(([name, values]) => [name, values.at(-1) ?? '']));
}

function listsOf(headers: unknown): Record<string, readonly string[]> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name.toLowerCase(),
      Array.isArray(values) ? values.map(String) : [String(values)],
    ]),
  );
}

/**
 * Documented: a text frame for `application/json`, exactly, and `text/*`; a binary one for everything else.
 */
export function isTextResponse({ headers }: FunctionResponse, guess: Guesses = NO_PROFILE): boolean {
  const type = headers['content-type'];
  if (type === undefined) return guess('type.none') === 'text';
  if (type.startsWith('application/json;')) return guess('type.json-charset') === 'text';
  return type === 'application/json' || type.startsWith('text/');
}
