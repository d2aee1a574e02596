import { timingSafeEqual } from 'node:crypto';
import type { GatewayResponse, HttpEvent } from 'yc-broadcast';
import { update, type Update } from './contract.js';

/** `POST /score`, for the operator, who knows the key. Functions do not get the header `Authorization`. */
export async function answerRequest(
  { method, headers, body }: HttpEvent,
  operatorKey: string,
  show: (update: Update) => Promise<object>,
): Promise<GatewayResponse> {
  if (method !== 'POST') return answer(405, { error: 'POST a score' });
  if (!isEqual(headers.get('x-operator-key') ?? '', operatorKey))
    return answer(401, { error: 'X-Operator-Key: not the key' });
  const parsed = update.safeParse(jsonOf(body));
  return parsed.success
    ? answer(200, await show(parsed.data))
    : answer(400, { error: 'not a score', issues: parsed.error.issues });
}

/** Takes the same time whether the key is nearly right or not at all. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(statusCode: number, body: object): GatewayResponse {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
