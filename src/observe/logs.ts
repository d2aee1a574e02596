/**
 * Logs in the platform's JSON format: `level`, `message` and what else is known, one line for each call and
 * each broadcast. No line holds a token, a cookie, a body, or an id as it is.
 */
import type { ErrorReport } from '../server/app/log-error.js';
import { BroadcastError } from '../base/errors.js';
import type { Invocation, InvocationAnswer, Observer } from '../model/observer.js';
import { createIdHasher } from './hash.js';
import { learnUsers } from './learn-users.js';
import { errorFields } from './logging/error-fields.js';
import {
  broadcastLine,
  dispatchLine,
  invocationLine,
  refusedBroadcastLine,
  requestIdOf,
  type LogLine,
} from './logging/lines.js';
import { createLogger, type Logger } from './logging/logger.js';
import { parseLogsOptions, type LogsOptions } from './logging/options.js';
import { secretsOf } from './logging/secrets.js';
import { outcomeOfAnswer, outcomeOfError, type ObservedOutcome } from './outcome.js';

export { hashId } from './hash.js';
export type { LogFields, Logger, LogLevel } from './logging/logger.js';
export type { LogsOptions } from './logging/options.js';

/** An observer that writes lines, made by {@link logs}. */
export interface Logs extends Observer {
  /**
   * For the app's `onError`: one line for each error, with its code and where it was made; see
   * `errorMessages`.
   */
  onError(report: ErrorReport): void;
  /** For lines of your own, in the same format. What you give it is written as it is. */
  readonly logger: Logger;
}

interface RunningCall {
  readonly call: Invocation;
  user: string | undefined;
  /** Failed, and its error is about to be reported. */
  isOver: boolean;
}

/**
 * Writes one line for each call of the handler and one for each broadcast.
 *
 * @example
 * const log = logs();
 * const app = createApp({ contract, store, origins, observe: [log], onError: log.onError });
 */
export function logs(options: LogsOptions = {}): Logs {
  const { hashKey, errorMessages, ...loggerOptions } = parseLogsOptions(options);
  const logger = createLogger({ streamName: undefined, fields: undefined, ...loggerOptions });
  const ids = createIdHasher(hashKey);
  const running = new Set<RunningCall>();
  let isFirst = true;

  function write({ level, message, fields }: LogLine): void {
    logger.log(level, message, fields);
  }

  /** Without an id to tell by, an error may belong to any call under way. */
  function secretsBehind(requestId: string | undefined): readonly string[] | undefined {
    const all = [...running].map(({ call }) => call);
    const own = all.filter((call) => requestId !== undefined && requestIdOf(call) === requestId);
    const lists = (own.length > 0 ? own : all).map(({ event, context }) => secretsOf(event.raw, context));
    return lists.includes(undefined) ? undefined : lists.flatMap((list = []) => list);
  }

  return {
    logger,
    parts: ({ store, transport }) => ({
      transport,
      store: learnUsers(store, ({ id, user }) => {
        for (const entry of running) {
          const { event } = entry.call;
          if (event.kind !== 'other' && event.connectionId === id) entry.user = user;
        }
      }),
    }),
    async invocation<R extends InvocationAnswer>(call: Invocation, next: () => Promise<R>): Promise<R> {
      ids.learnFrom(call.context);
      const entry: RunningCall = { call, user: undefined, isOver: false };
      for (const other of running) if (other.isOver) running.delete(other);
      const first = isFirst;
      isFirst = false;
      const startedAt = performance.now();
      const end = (outcome: ObservedOutcome, answer: R | undefined): void => {
        const durationMs = performance.now() - startedAt;
        write(
          invocationLine(call, { ...outcome, answer, durationMs, user: entry.user, isFirst: first }, ids),
        );
      };
      running.add(entry);
      try {
        const answer = await next();
        end(outcomeOfAnswer(answer), answer);
        running.delete(entry);
        return answer;
      } catch (reason) {
        end(outcomeOfError(reason), undefined);
        entry.isOver = true;
        throw reason;
      }
    },
    async broadcast(start, next) {
      if (start.context !== undefined) ids.learnFrom(start.context);
      try {
        const report = await next();
        write(report.kind === 'sent' ? broadcastLine(start, report, ids) : dispatchLine(start, report, ids));
        return report;
      } catch (reason) {
        write(refusedBroadcastLine(start, BroadcastError.from(reason).code, ids));
        throw reason;
      }
    },
    onError({ error, during, requestId }) {
      const { text, ...fields } = errorFields(error, errorMessages ? secretsBehind(requestId) : undefined);
      const message = `${during}: ${fields.code}${text === undefined ? '' : `: ${text}`}`;
      logger.error(message, { line: 'error', during, requestId, ...fields });
    },
  };
}
