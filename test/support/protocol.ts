/** An app whose clients speak the protocol, called the way the gateway calls it. */
import {
  createApp,
  defineContract,
  type AppOptions,
  type ErrorReport,
  type GatewayResponse,
} from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from './events.js';
import { scriptedTransport, type ScriptedTransport } from './scripted-transport.js';

export const contract = defineContract({
  client: {
    say: { data: z.object({ room: z.string(), text: z.string() }), reply: z.object({ id: z.string() }) },
    pay: { data: z.object({ sum: z.number() }), reply: z.object({ left: z.number() }), once: true },
  },
  server: { said: z.object({ text: z.string() }) },
});
export type Chat = typeof contract;

export const LIMITS = { maxEntries: 1000, maxAgeMs: 3_600_000 };

/** A clock that stands still until a test moves it. */
export function handClock(start = 1_800_000_000_000) {
  let time = start;
  return {
    now: () => time,
    advance: (ms: number): void => {
      time += ms;
    },
  };
}

export type ProtocolOptions = Partial<AppOptions<Chat>> & { readonly transport?: ScriptedTransport };

export function protocolApp(options: ProtocolOptions = {}) {
  const clock = handClock();
  const now = options.now ?? clock.now;
  const store = options.store ?? memoryStore({ now });
  const transport = options.transport ?? scriptedTransport();
  const errors: ErrorReport[] = [];
  const app = createApp<Chat>({
    contract,
    origins: 'any',
    authenticate: ({ query }) => ({ user: query['user'] }),
    now,
    onError: (report) => errors.push(report),
    ...options,
    rooms: { history: LIMITS, ...('rooms' in options ? options.rooms : { join: true }) },
    store,
    transport,
  });
  const connectedAt = new Map<string, number>();

  async function connect(connectionId = 'c1', query: Record<string, string> = {}): Promise<GatewayResponse> {
    connectedAt.set(connectionId, now());
    return app.handler(connectEvent({ connectionId, connectedAt: now(), query }), functionContext());
  }
  async function say(body: unknown, connectionId = 'c1'): Promise<unknown> {
    const at = connectedAt.get(connectionId) ?? now();
    const response = await app.handler(
      messageEvent(body, { connectionId, connectedAt: at }),
      functionContext(),
    );
    return response.body === undefined ? undefined : JSON.parse(response.body);
  }
  async function disconnect(connectionId = 'c1'): Promise<void> {
    await app.handler(disconnectEvent({ connectionId }), functionContext());
  }
  return { app, store, transport, clock, errors, connect, say, disconnect };
}

/** What a scripted transport has brought to a connection. */
export function framesOf({ received }: ScriptedTransport, connectionId: string): unknown[] {
  return (received.get(connectionId) ?? []).map((text): unknown => JSON.parse(text));
}
