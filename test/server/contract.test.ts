/** What may be a contract: any schema that is one, as long as what the server sends survives JSON. */
import { describe, expect, it } from '@jest/globals';
import { createApp, defineContract, type StandardSchema } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit } from 'yc-broadcast/testing';
import * as z from 'zod';
import * as mini from 'zod/mini';

/** A schema of a library that is not zod: a function, as those of ArkType are. */
function textSchema(minLength: number): StandardSchema<string> {
  const standard: StandardSchema<string>['~standard'] = {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'string' && value.length >= minLength
        ? { value: value.trim() }
        : { issues: [{ message: 'too short', path: ['deep', { key: 0 }] }] },
  };
  return Object.assign(() => undefined, { '~standard': standard });
}

const own = defineContract({
  client: { say: textSchema(3), ask: { data: textSchema(1), reply: textSchema(1) } },
  server: { said: textSchema(3) },
});

async function connected() {
  const kit = createTestKit(({ transport, now }) => {
    const app = createApp({ contract: own, store: memoryStore({ now }), transport, now, origins: 'any' });
    app.on('say', ({ data, connection, toConnection }) => toConnection(connection.id).send('said', data));
    app.on('ask', ({ data }) => data.toUpperCase());
    return app;
  });
  return kit.connect();
}

describe('a schema of any library', () => {
  it('checks messages, replies and broadcasts, and what it makes is what arrives', async () => {
    const client = await connected();
    await client.push('say', ' hello ');
    expect(await client.expectBroadcast('said')).toBe('hello');
    await client.push('ask', 'x');
    expect(await client.expectReply('ask')).toBe('X');
  });

  it('gives its path and message to the client', async () => {
    const client = await connected();
    await client.push('say', 'hi');
    expect(await client.expectError('INVALID_MESSAGE')).toEqual({
      code: 'INVALID_MESSAGE',
      message: 'too short',
      path: ['data', 'deep', 0],
    });
  });

  it('is reported when it returns a promise', async () => {
    const later: StandardSchema<string> = {
      '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) },
    };
    const contract = defineContract({ client: { say: later }, server: {} });
    const reports: string[] = [];
    const kit = createTestKit(({ transport }) => {
      const onError = ({ error }: { error: unknown }): void => void reports.push(String(error));
      return createApp({ contract, store: memoryStore(), transport, origins: 'any', onError }).on(
        'say',
        () => undefined,
      );
    });
    const client = await kit.connect();
    await client.push('say', 'hello');
    await client.expectError('INTERNAL');
    expect(reports).toEqual([expect.stringMatching(/a schema returned a promise/)]);
  });
});

describe('defineContract', () => {
  const notASchema = /INVALID_OPTIONS: contract\.\S+: expected a schema/;
  const zod3 = { _def: { typeName: 'ZodString' }, parse: () => undefined };

  it.each([
    ['a text', 'string'],
    ['nothing', undefined],
    ['a plain object', { room: 'string' }],
    ['a schema of zod 3 before it had the standard', zod3],
  ])('refuses %s where a schema is expected', (_name, value) => {
    const bad = value as unknown as StandardSchema;
    expect(() => defineContract({ client: { say: bad }, server: {} })).toThrow(notASchema);
    expect(() => defineContract({ client: { say: { data: bad } }, server: {} })).toThrow(notASchema);
    expect(() => defineContract({ client: {}, server: { said: bad } })).toThrow(notASchema);
  });

  it('refuses what does not exist beside the data of a message', () => {
    const details = { data: z.string(), maxByte: 5 };
    expect(() => defineContract({ client: { say: details }, server: {} })).toThrow(
      /client\.say: .*'maxByte'/,
    );
  });

  it('refuses server messages and replies that arrive as something else', () => {
    const client = {};
    // @ts-expect-error: a Date arrives as a string
    expect(() => defineContract({ client, server: { a: z.object({ at: z.date() }) } })).toThrow(
      /server\.a: date at 'at' does not survive JSON/,
    );
    // @ts-expect-error: a Map arrives as {}
    expect(() => defineContract({ client, server: { a: z.array(z.map(z.string(), z.int())) } })).toThrow(
      /map at '\[\]'/,
    );
    // @ts-expect-error: a Set arrives as {}
    expect(() => defineContract({ client, server: { a: mini.optional(mini.set(mini.string())) } })).toThrow(
      /server\.a: set does/,
    );
    // @ts-expect-error: bytes arrive as an object of numbers
    expect(() => defineContract({ client, server: { a: z.instanceof(Uint8Array) } })).toThrow(/Uint8Array/);
    // @ts-expect-error: JSON has no bigint
    expect(() => defineContract({ client, server: { a: z.union([z.string(), z.bigint()]) } })).toThrow(
      /bigint does/,
    );
    const reply = z.object({ at: z.date() });
    // @ts-expect-error: a Date arrives as a string
    expect(() => defineContract({ client: { a: { data: z.string(), reply } }, server: {} })).toThrow(
      /client\.a\.reply: date at 'at'/,
    );
  });

  it('takes what becomes JSON, what clients send as they like, and schemas that refer to themselves', () => {
    const Node = z.object({
      name: z.string(),
      get children() {
        return z.array(Node);
      },
    });
    const contract = defineContract({
      client: { at: z.coerce.date() },
      server: {
        node: Node,
        any: z.any(),
        json: z.json(),
        brand: z.string().brand('Id'),
        at: z.pipe(
          z.date(),
          z.transform((date) => date.toISOString()),
        ),
      },
    });
    expect(Object.keys(contract.server)).toHaveLength(5);
  });
});
