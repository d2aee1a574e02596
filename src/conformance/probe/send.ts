import type { ProbeContext } from './event.js';

const CLOUD = 'https://apigateway-connections.api.cloud.yandex.net';
const TIMEOUT_MS = 5000;

/** Sends text to a connection over REST. Resolves with the HTTP status, 0 when there was no answer. */
export async function sendTo(connectionId: string, text: string, { token }: ProbeContext): Promise<number> {
  const endpoint = process.env['YC_BROADCAST_ENDPOINT'] ?? CLOUD;
  const url = `${endpoint}/apigateways/websocket/v1/connections/${connectionId}:send`;
  try {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token?.access_token ?? ''}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ data: Buffer.from(text).toString('base64'), type: 'TEXT' }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return status;
  } catch {
    return 0;
  }
}
