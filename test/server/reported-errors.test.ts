/** What is the developer's to hear reaches `onError`, and in tests it shows its own text. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createApp, defineContract, type ErrorReport, type StandardSchema } from 'yc-broadcast';
import { startEmulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { createTestKit, type TestConnection } from 'yc-broadcast/testing';
import * as z from 'zod';
import * as mini from 'zod/mini';

afterEach(() => {
  jest.restoreAllMocks();
});

const boom = (): never => {
  throw new TypeError('the rule is broken');
};

/** An app that handles `say`, and forgot about `bow`. */
async function connected(
  schema: StandardSchema = z.string(),
): Promise<{ client: TestConnection; reports: ErrorReport[] }> {
  const contract = defineContract({ client: { say: schema, bow: z.string() }, server: {} });
  const reports: ErrorReport[] = [];
  const kit = createTestKit(({ transport, now }) => {
    const options = { store: memoryStore({ now }), transport, now, origins: 'any' } as const;
    const onError = (report: ErrorReport): unknown => reports.push(report);
    return createApp({ ...options, contract, onError }).on('say', () => 'heard').handler;
  });
  return { client: await kit.connect(), reports };
}

const say = JSON.stringify({ type: 'say', id: 'm1', data: 'hello' });

describe('what a schema of the contract throws', () => {
  it.each([
    ['a refine', z.string().refine(boom), 'the rule is broken'],
    ['a transform', z.string().transform(boom), 'the rule is broken'],
    ['a check of zod/mini', mini.string().check(mini.refine(boom)), 'the rule is broken'],
    ['an asynchronous refine', z.string().refine(() => Promise.resolve(true)), 'Promise'],
  ])('by %s reaches onError, and the client as INTERNAL', async (_name, schema, text) => {
    const { client, reports } = await connected(schema);
    await client.send(say);
    await client.expectError('INTERNAL');
    expect(reports).toEqual([expect.objectContaining({ during: "the schema of message 'say'" })]);
    expect(String(reports[0]?.error)).toContain(text);
  });

  it('is told apart from what a client did wrong', async () => {
    const { client, reports } = await connected(z.int());
    await client.send(say);
    await client.expectError('INVALID_MESSAGE');
    expect(reports).toEqual([]);
  });
});

describe('a type of the contract that nothing handles', () => {
  it('is told to onError once, and to each client', async () => {
    const { client, reports } = await connected();
    for (let times = 0; times < 3; times++) {
      await client.send(JSON.stringify({ type: 'bow', data: '' }));
      await client.expectError('UNKNOWN_TYPE');
    }
    expect(reports.map(({ during }) => during)).toEqual(["message 'bow', which has no app.on('bow')"]);
    expect(String(reports[0]?.error)).toMatch(/INVALID_OPTIONS: .*add app\.on\('bow', …\)/);
  });

  it('is not of interest when the contract has it not either', async () => {
    const { client, reports } = await connected();
    await client.send(JSON.stringify({ type: 'dance' }));
    await client.expectError('UNKNOWN_TYPE');
    expect(reports).toEqual([]);
  });
});

describe('the default onError', () => {
  const contract = defineContract({ client: { say: z.string() }, server: {} });

  it('shows the text of an error in a test kit', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const kit = createTestKit(({ transport }) =>
      createApp({ contract, store: memoryStore(), transport, origins: 'any' }).on('say', boom),
    );
    await (await kit.connect()).push('say', 'hello');
    expect(log.mock.calls.join()).toContain('the rule is broken');
  });

  it('shows the text of an error at a local gateway in the same process', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { handler } = createApp({ contract, store: memoryStore(), origins: 'any' }).on('say', boom);
    await using emulator = await startEmulator({ routes: { '/ws': handler } });
    const client = await emulator.connect('/ws');
    client.send({ type: 'say', id: 'm1', data: 'hello' });
    await client.next();
    expect(log.mock.calls.join()).toContain('the rule is broken');
  });
});

it('ydbStore without an endpoint names the local gateway that sets one', () => {
  expect(() => ydbStore()).toThrow(/YC_BROADCAST_YDB_ENDPOINT.*yc-broadcast dev --store/);
});

it('a message type without a contract names the remedy', () => {
  const app = createApp({ store: memoryStore(), origins: 'any' });
  // @ts-expect-error: there is no contract
  expect(() => app.on('say', () => undefined)).toThrow(/give createApp a contract, or use onMessage/);
});
