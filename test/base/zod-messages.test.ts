/**
 * What a wrong value is told, when the application brings `zod/mini` only, which has no sentences of its own.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApp, defineContract, type AppOptions } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod/mini';
import { connectEvent, messageEvent } from '../support/events.js';

const contract = defineContract({
  client: {
    set: z.strictObject({
      name: z.optional(z.string().check(z.minLength(2), z.maxLength(5))),
      size: z.optional(z.number().check(z.minimum(1), z.lt(10))),
      colour: z.optional(z.enum(['red', 'blue'])),
      only: z.optional(z.literal('this')),
      words: z.optional(z.array(z.string()).check(z.minLength(1))),
      code: z.optional(z.string().check(z.regex(/^x/))),
      when: z.optional(z.iso.date()),
      even: z.optional(z.int().check(z.multipleOf(2))),
    }),
  },
  server: {},
});

function setUp(options: Partial<AppOptions<typeof contract>> = {}) {
  const app = createApp({ contract, store: memoryStore(), origins: 'any', ...options });
  return app.on('set', () => 'done');
}

async function answerTo(data: unknown): Promise<unknown> {
  const { handler } = setUp();
  await handler(connectEvent());
  const { body } = await handler(messageEvent({ type: 'set', id: '1', data }));
  return JSON.parse(body ?? '');
}

afterEach(() => {
  z.config({ localeError: undefined, customError: undefined });
});

describe('a contract of zod/mini', () => {
  it.each([
    [{ name: 1 }, 'Invalid input: expected string, received number'],
    [{ name: null }, 'Invalid input: expected string, received null'],
    [{ name: [] }, 'Invalid input: expected string, received array'],
    [{ name: 'x' }, 'Too small: expected string to have >=2 characters'],
    [{ name: 'abcdef' }, 'Too big: expected string to have <=5 characters'],
    [{ size: 0 }, 'Too small: expected number to be >=1'],
    [{ size: 10 }, 'Too big: expected number to be <10'],
    [{ colour: 'green' }, 'Invalid option: expected one of "red"|"blue"'],
    [{ only: 'that' }, 'Invalid input: expected "this"'],
    [{ words: [] }, 'Too small: expected array to have >=1 items'],
    [{ when: 'today' }, 'Invalid date'],
    [{ code: 'y' }, 'Invalid string: must match pattern /^x/'],
    [{ even: 3 }, 'Invalid input'],
    [{ nme: 'x' }, 'Unrecognized key: "nme"'],
    [{ a: 1, b: 2 }, 'Unrecognized keys: "a", "b"'],
  ])('says of %j what is wrong', async (data, message) => {
    expect(await answerTo(data)).toMatchObject({ error: { code: 'INVALID_MESSAGE', message } });
  });

  it.each(['localeError', 'customError'])('leaves the word to a %s of the application', async (kind) => {
    z.config({ [kind]: () => 'нет' });
    expect(await answerTo({ name: 1 })).toMatchObject({ error: { message: 'нет' } });
  });
});

it('names an option that is wrong', () => {
  expect(() => setUp({ maxMessageBytes: 0.5 })).toThrow(
    'createApp.maxMessageBytes: Invalid input: expected int, received number',
  );
});
