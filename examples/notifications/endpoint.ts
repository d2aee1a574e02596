import type { GatewayResponse, HttpEvent } from 'yc-broadcast';
import type { RecordStore } from 'yc-broadcast/stores';
import { order, type Order } from './contract.js';
import { once } from './once.js';
import { isOfNow, isSigned } from './signature.js';

export interface EndpointParts {
  readonly records: RecordStore;
  readonly secret: string;
  readonly publish: (order: Order, key: string) => Promise<object>;
}

/**
 * `POST /notify`. Whoever publishes signs with a secret that both sides know (functions do not get the header
 * `Authorization`), and names every order: the same name again is answered, and not carried out again.
 */
export async function answerRequest(
  { method, headers, body }: HttpEvent,
  parts: EndpointParts,
): Promise<GatewayResponse> {
  if (method !== 'POST') return answer(405, { error: 'POST an order' });
  const key = headers.get('idempotency-key') ?? '';
  if (!/^[\w-]{8,64}$/.test(key))
    return answer(400, { error: 'Idempotency-Key: 8 to 64 letters, digits, - or _' });
  const signed = { time: headers.get('x-signed-at') ?? '', key, body };
  if (!isSigned(headers.get('x-signature'), parts.secret, signed))
    return answer(401, { error: 'X-Signature: not the signature of this time, key and body' });
  if (!isOfNow(signed)) return answer(401, { error: 'X-Signed-At: too long ago; sign it again' });

  const parsed = order.safeParse(jsonOf(body));
  if (!parsed.success) return answer(400, { error: 'not an order', issues: parsed.error.issues });
  const outcome = await once(parts.records, `published:${key}`, async () =>
    JSON.stringify(await parts.publish(parsed.data, key)),
  );
  if (outcome === 'running') return answer(409, { error: 'this order is being carried out; ask again' });
  return answer(200, { ...(JSON.parse(outcome.answer) as object), repeated: outcome.isRepeated });
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
