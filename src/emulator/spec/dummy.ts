import * as z from 'zod';
import type { Invoker } from '../calls/invoker.js';
import { fillIn } from '../events/operation-facts.js';

export const dummySchema = z.object({
  type: z.literal('dummy'),
  http_code: z.int().min(100).max(599).default(200),
  http_headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  /** Bodies by media type; `*` is for any. */
  content: z.record(z.string(), z.string()).default({}),
});

const CONNECTION_ID = 'X-Yc-Apigateway-Websocket-Connection-Id';

/**
 * Answers by itself what the specification says, with declared parameters and the connection's id filled in.
 */
export function createDummyInvoker(integration: z.output<typeof dummySchema>): Invoker {
  const [type, body] = Object.entries(integration.content)[0] ?? [undefined, ''];
  const headers: Record<string, string> = {};
  // What type the cloud gives to `*` is not documented; text is what people write there.
  if (type !== undefined) headers['content-type'] = type === '*' ? 'text/plain' : type;
  for (const [name, value] of Object.entries(integration.http_headers)) {
    headers[name.toLowerCase()] = typeof value === 'string' ? value : (value.at(-1) ?? '');
  }
  return {
    async invoke(event) {
      const filled = fillIn(body, parametersOf(event)) as string;
      const response = { statusCode: integration.http_code, headers, body: Buffer.from(filled) };
      return { status: 200, response, durationMs: 0 };
    },
    underWay: () => 0,
  };
}

function parametersOf(event: Record<string, unknown>): Record<string, readonly string[]> {
  const declared = (event['multiValueParameters'] ?? event['multiValueParams']) as Record<string, string[]>;
  const headers = event['headers'] as Record<string, string>;
  const id = headers[CONNECTION_ID];
  return id === undefined ? declared : { ...declared, [CONNECTION_ID]: [id] };
}
