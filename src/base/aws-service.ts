import { createHttpClient, HttpFailure, type HttpAnswer } from './http-client.js';

/** No answer: whether the request was carried out is not known. */
export interface Unreachable {
  /** For people: `no answer in time`, `ECONNREFUSED`. */
  readonly unreachable: string;
  readonly cause: unknown;
}

/** A service that speaks one of AWS's protocols: the Document API of YDB, Message Queue. */
export interface AwsService {
  /**
   * One attempt. Never rejects.
   *
   * @param endsAt When it must be over, in Unix milliseconds.
   */
  post(
    headers: Readonly<Record<string, string>>,
    body: string,
    endsAt: number,
    signal?: AbortSignal,
  ): Promise<HttpAnswer | Unreachable>;
  /** Closes all connections. The service can be used again after that. */
  close(): void;
}

/** Longest time for one attempt; if it takes longer, the connection is dead. */
const ATTEMPT_TIMEOUT_MS = 3000;
/**
 * A page of a query, the largest answer, has 1 MB by the protocol, which binary values in JSON can double.
 */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export function createAwsService(url: URL): AwsService {
  const http = createHttpClient({ maxAnswerBytes: MAX_ANSWER_BYTES });
  const path = url.pathname + url.search;

  return {
    async post(headers, body, endsAt, signal) {
      const timeoutMs = Math.max(1, Math.min(ATTEMPT_TIMEOUT_MS, endsAt - Date.now()));
      try {
        return await http.request({ base: url, method: 'POST', path, headers, body, timeoutMs, signal });
      } catch (failure) {
        return unreachable(failure);
      }
    },
    close: http.close,
  };
}

function unreachable(failure: unknown): Unreachable {
  if (!(failure instanceof HttpFailure)) return { unreachable: 'connection lost', cause: failure };
  const { kind, cause = failure } = failure;
  if (kind === 'timeout' || kind === 'aborted') return { unreachable: 'no answer in time', cause };
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return { unreachable: typeof code === 'string' ? code : 'connection lost', cause };
}
