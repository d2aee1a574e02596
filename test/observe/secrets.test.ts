/**
 * No token, cookie, header, query or body reaches a log line, a span or a metric, wherever it stands and
 * whoever repeats it: hooks, stores and transports quote it in their errors here. `SECRET_RUNS=5000` looks
 * longer.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createApp, defineContract, type App, type ConnectionStore, type Observer } from 'yc-broadcast';
import { logs } from 'yc-broadcast/logs';
import { openTelemetry, traceFields } from 'yc-broadcast/opentelemetry';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { scriptedTransport } from '../support/scripted-transport.js';
import {
  CARRIED,
  errorQuoting,
  failureArbitrary,
  secretsArbitrary,
  secretsIn,
  type Failure,
  type Secrets,
} from '../support/secrets.js';
import { startTelemetry, type Telemetry } from '../support/telemetry.js';

const contract = defineContract({
  client: { say: z.object({ room: z.string(), text: z.string() }) },
  server: { said: z.object({ text: z.string() }) },
});

let telemetry: Telemetry;
let lines: string[] = [];
const stderr = jest.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
beforeAll(() => {
  telemetry = startTelemetry();
});
afterAll(async () => {
  stderr.mockRestore();
  await telemetry.shutdown();
});

/** Errors quote everything there is, or only what came with the call in which they are thrown. */
type Knowledge = 'everything' | 'its call';
interface Watching {
  readonly observe: readonly Observer[];
  readonly onError?: ReturnType<typeof logs>['onError'];
}

/** An app in which something breaks, and then tells what it knows. */
function startApp(secrets: Secrets, failure: Failure, watching: Watching, error: () => Error) {
  const fail = (what: Failure['breaks']): void => {
    if (failure.breaks === what) throw error();
  };
  const memory = memoryStore();
  const store: ConnectionStore = {
    ...memory,
    put: async (connection) => (fail('put'), memory.put(connection)),
    list: async (audience, options) => (fail('list'), memory.list(audience, options)),
    remove: async (ids) => (fail('list'), memory.remove(ids)),
  };
  const app = createApp({
    contract,
    store,
    transport: scriptedTransport(async () => (fail('transport'), 'ok' as const)),
    origins: 'any',
    broadcast: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
    authenticate: () => (fail('authenticate'), { user: secrets.key }),
    ...watching,
  });
  app.on('say', async ({ data, connection, to, messageId = '' }) => {
    await connection.join(data.room);
    await to(data.room).send('said', { text: data.text }, { idempotencyKey: messageId });
    fail('hook');
  });
  app.onDisconnect(() => {
    fail('hook');
  });
  app.onOtherEvent(() => (fail('hook'), { statusCode: 500, body: secrets.text }));
  return app;
}

/** Connects, speaks, speaks wrongly, calls by HTTP and leaves: with the secrets in all of their places. */
async function live(
  secrets: Secrets,
  failure: Failure,
  watching: Watching,
  knowledge: Knowledge,
): Promise<void> {
  let words: readonly string[] = Object.values(secrets);
  const app: App<typeof contract> = startApp(secrets, failure, watching, () => errorQuoting(words, failure));
  const context = functionContext({ token: { access_token: secrets.token } });
  const common = { connectedAt: Date.now(), headers: headersWith(secrets) };
  const path = { path: `/ws/${secrets.path}`, pathParameters: { room: secrets.path } };

  async function call(kind: keyof typeof CARRIED, event: object): Promise<void> {
    if (knowledge === 'its call') words = CARRIED[kind].map((name) => secrets[name]);
    await app.handler({ ...event, ...path }, context);
  }

  await call('connect', connectEvent({ ...common, query: { token: secrets.query } }));
  const body = { type: 'say', data: { room: secrets.room, text: secrets.text }, id: secrets.key };
  await call('message', messageEvent(body, common));
  await call('message', messageEvent({ type: secrets.key, data: { [secrets.text]: secrets.room } }, common));
  await call('message', messageEvent(Buffer.from(secrets.text), common));
  const url = `/x?token=${encodeURIComponent(secrets.query)}`;
  const http = { httpMethod: 'POST', headers: common.headers, url, body: secrets.text };
  await app.handler(http, context).catch(() => undefined);
  await call('disconnect', disconnectEvent({ ...common, reason: secrets.reason }));
}

function headersWith({ cookie, authorization, subprotocol }: Secrets): Record<string, string> {
  return {
    Cookie: `theme=dark; sid=${encodeURIComponent(cookie)}`,
    Authorization: `Bearer ${authorization}`,
    'Sec-Websocket-Protocol': `chat, ${subprotocol}`,
    'X-Api-Key': authorization,
  };
}

const numRuns = Number(process.env['SECRET_RUNS'] ?? 150);

/** Lives many lives and looks at all that came out. Returns how many lines were written. */
async function expectNoLeak(knowledge: Knowledge, watch: () => Watching): Promise<number> {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(secretsArbitrary, failureArbitrary, async (secrets, failure) => {
      lines = [];
      telemetry.reset();
      await live(secrets, failure, watch(), knowledge);
      written += lines.length;
      expect(lines.filter((line) => secretsIn(line, secrets).length > 0)).toEqual([]);
      expect(secretsIn(await telemetry.everything(), secrets)).toEqual([]);
    }),
    { numRuns },
  );
  return written;
}

const write = (line: string): void => void lines.push(line);
const telemetryOptions = () => {
  const { tracerProvider, meterProvider } = telemetry;
  return { tracerProvider, meterProvider, sendSpans: 'all' } as const;
};

describe('what is observed holds no secret', () => {
  it('with logs() and openTelemetry(), whatever errors quote', async () => {
    const written = await expectNoLeak('everything', () => {
      const log = logs({ write, fields: traceFields });
      return { observe: [openTelemetry(telemetryOptions()), log], onError: log.onError };
    });
    expect(written).toBeGreaterThan(numRuns * 6);
  });

  it('with messages of errors on demand, if they quote what came with their call', async () => {
    await expectNoLeak('its call', () => {
      const log = logs({ write, errorMessages: true });
      return { observe: [log], onError: log.onError };
    });
  });

  it("with the app's own line for errors, whatever they quote", async () => {
    const written = await expectNoLeak('everything', () => ({ observe: [] }));
    expect(written).toBeGreaterThan(numRuns / 3);
  });

  it('and one would be found: as it is, in JSON, in an address, as base64', () => {
    const secrets = { text: 'a/b+"s3cr3t' };
    const texts = [
      'a/b+"s3cr3t',
      JSON.stringify(secrets),
      encodeURIComponent(secrets.text),
      Buffer.from(secrets.text).toString('base64'),
    ];
    expect(texts.map((text) => secretsIn(JSON.stringify({ text }), secrets))).toEqual(
      texts.map(() => ['text: a/b+"s3cr3t']),
    );
    expect(secretsIn('nothing', secrets)).toEqual([]);
  });
});
