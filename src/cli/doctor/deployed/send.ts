/** Whether a token may send: to the connection that was made for it, and to nobody else. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { BroadcastError } from '../../../base/errors.js';
import type { Transport } from '../../../model/transport.js';
import { defaultTransport } from '../../../transports/default.js';
import { reasonOf, type Finding } from '../finding.js';
import { ANSWER_MS, enter, type DeployedOptions, type Visit } from './visit.js';

const subject = 'Send';
const KEY = 'YC_SERVICE_ACCOUNT_KEY_FILE';

export async function checkSend(options: DeployedOptions): Promise<Finding> {
  const source = ['YC_TOKEN', KEY].find((name) => (process.env[name] ?? '') !== '');
  if (source === undefined) {
    const detail = `not tried; with a key of the function's account in ${KEY} it tells whether the roles suffice`;
    return { subject, level: 'ok', detail };
  }
  const [connection, transport] = [await enter(options), defaultTransport()];
  try {
    return await sendTo(connection, transport, source);
  } catch (error) {
    const code = error instanceof BroadcastError ? error.code : '';
    return { subject, level: 'failure', detail: reasonOf(error), remedy: REMEDIES[code] ?? 'try again' };
  } finally {
    connection.end();
    await transport.close();
  }
}

async function sendTo(connection: Visit, transport: Transport, source: string): Promise<Finding> {
  const { connectionId } = connection;
  if (connectionId === '') {
    const remedy = 'is it an API gateway of Yandex Cloud? Something before it may drop headers';
    return { subject, level: 'warning', detail: 'the handshake named no connection', remedy };
  }
  const text = JSON.stringify({ type: '$doctor', data: randomUUID() });
  const startedAt = performance.now();
  await transport.send(connectionId, transport.encode(text), { timeoutMs: ANSWER_MS });
  const sentMs = Math.round(performance.now() - startedAt);
  const frame = await connection.frame((one) => one.text === text);
  const arrivedMs = Math.round(performance.now() - startedAt);
  if (frame === undefined) {
    const remedy = 'the gateway accepted it: look at the log of the gateway, then ask support';
    return { subject, level: 'failure', detail: `sent in ${sentMs} ms, and did not arrive`, remedy };
  }
  const detail = `sent in ${sentMs} ms, arrived after ${arrivedMs} ms; with ${source}`;
  return { subject, level: 'ok', detail };
}

const REMEDIES: Readonly<Record<string, string>> = {
  FORBIDDEN:
    'yc serverless api-gateway add-access-binding --id <gateway> --role api-gateway.websocketWriter --service-account-id <account>',
  UNAUTHENTICATED: 'the token is invalid or has expired: YC_TOKEN=$(yc iam create-token)',
  CONNECTION_STALE:
    'the connection is open, but unknown there: is YC_BROADCAST_ENDPOINT that of another gateway?',
  RATE_LIMITED: 'too many sends at this moment: try again; see docs/quotas.md',
};
