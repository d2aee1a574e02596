import { BroadcastError, ClientFacingError } from '../base/errors.js';
import { isExpected } from '../server/handlers/responses.js';
import { parseJson } from '../base/json.js';
import type { InvocationAnswer } from '../model/observer.js';
import { ERROR_TYPE } from '../base/protocol.js';

/**
 * How a call went. `refused`: the client asked for what it may not have, or a hook said no; part of daily
 * life. `error`: something is broken.
 */
export interface ObservedOutcome {
  readonly outcome: 'ok' | 'refused' | 'error';
  /** Why not; one of few, whoever wrote it. */
  readonly code?: string;
}

const OK: ObservedOutcome = { outcome: 'ok' };

/** Codes that clients are shown when it was not their mistake. */
const BROKEN = new Set(['INTERNAL', 'STORE_UNAVAILABLE', 'RATE_LIMITED']);

/** What an answer says. A message that went wrong is answered with status 200 and a message that says so. */
export function outcomeOfAnswer({ statusCode, body }: InvocationAnswer): ObservedOutcome {
  if (statusCode < 400)
    return body?.startsWith(ERROR_HEAD) === true ? outcomeOfCode(errorCodeIn(body), 200) : OK;
  return outcomeOfCode(errorCodeIn(body) ?? String(statusCode), statusCode);
}

const ERROR_HEAD = `{"type":"${ERROR_TYPE}"`;

function outcomeOfCode(code: string | undefined, statusCode: number): ObservedOutcome {
  const outcome = statusCode >= 500 || (code !== undefined && BROKEN.has(code)) ? 'error' : 'refused';
  return { outcome, code: codeOr(code) };
}

/** What was thrown says. */
export function outcomeOfError(reason: unknown): ObservedOutcome {
  const { code } = reason instanceof ClientFacingError ? reason : BroadcastError.from(reason);
  return { outcome: isExpected(reason) ? 'refused' : 'error', code: codeOr(code) };
}

function errorCodeIn(body: string | undefined): string | undefined {
  const answer = parseJson(body ?? '') as { error?: { code?: unknown } } | null | undefined;
  const code = answer?.error?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * An application's own codes are constants of its source. What does not look like one might be what somebody
 * wrote.
 */
function codeOr(code: string | undefined): string {
  return code !== undefined && /^[A-Z0-9][A-Z0-9_]{1,40}$/.test(code) ? code : '_OTHER';
}
