/** The parts of a Yandex Cloud Function's `context` that this library reads. Every part is optional. */
export interface FunctionContext {
  readonly requestId?: string;
  readonly functionName?: string;
  readonly functionVersion?: string;
  readonly memoryLimitInMB?: string | number;
  /**
   * An object in the Node.js runtime, a plain string in the raw contract; absent without a service account.
   */
  readonly token?: string | FunctionToken | null;
  getRemainingTimeInMillis?(): number;
}

/** An IAM token as the runtime hands it to a function. */
export interface FunctionToken {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in?: number;
  readonly token_type?: string;
}

/**
 * What stores and transports may want to know of the call that is being handled: they take the IAM token from
 * it. An object that implements this is told at the beginning of every call.
 */
export interface InvocationAware {
  onInvocation?(context: FunctionContext): void;
}

/**
 * The instant at which the function will be killed, in Unix milliseconds, or `undefined` when the context has
 * no clock.
 */
export function deadlineOf(context: FunctionContext | undefined, now: number): number | undefined {
  const remaining = context?.getRemainingTimeInMillis?.();
  return remaining === undefined || !Number.isFinite(remaining) ? undefined : now + remaining;
}
