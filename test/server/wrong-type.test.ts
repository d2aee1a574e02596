/**
 * What the compiler says of a type that the contract does not have: the error is all that whoever wrote it
 * reads.
 */
import { expect, it } from '@jest/globals';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = join(root, 'test/server/wrong-type-sample.ts');

const GIVEN = `
import { createApp, defineContract, presence, type App, type Broadcaster, type JsonValue } from 'yc-broadcast';
import { connect } from 'yc-broadcast/client';
import { watchPresence } from 'yc-broadcast/client/presence';
import { roomState } from 'yc-broadcast/state';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod/mini';
const contract = defineContract({
  client: { say: z.string(), ask: { data: z.int(), reply: z.string() } },
  server: { said: z.string(), asked: z.int() },
});
const app = createApp({ contract, store: memoryStore(), origins: 'any' });
const client = connect<typeof contract>({ url: 'ws://localhost' });

const known = createApp({
  contract,
  store: memoryStore(),
  origins: 'any',
  authenticate: async ({ query }) =>
    query['name'] === undefined ? undefined : { user: query['name'], attributes: { level: 1 } },
  authorize: ({ connection }) => [connection.user satisfies string, connection.attributes.level > 0].length > 1,
  rooms: {
    join: true,
    load: ({ connection }) => [connection.user.length, connection.attributes.level + 1],
    presence: presence({ describe: ({ attributes }) => ({ level: attributes['level'] ?? 0 }) }),
  },
});
known.onConnect(({ user, attributes }) => ({ user: user.trim(), attributes: { level: attributes.level + 1 } }));
known.on('say', async ({ connection, to }) => {
  await connection.setAttributes({ level: connection.attributes.level + 1 });
  await to('a').except(connection).send('said', connection.user.trim());
});
known.onMessage(({ connection }) => connection.user.trim());
known.onDisconnect(({ connection }) => void connection.user.trim());
known.onOtherEvent(({ event }) => {
  if (event.type === 'http') return { statusCode: 200, body: event.method + event.path + event.query['q'] + event.body };
  if (event.type === 'timer') return { statusCode: 200, body: event.payload.trim() };
  if (event.type === 'queue') return { statusCode: 200, body: event.messages.map(({ body }) => body).join() };
  return undefined;
});
const some = createApp({
  store: memoryStore(),
  origins: 'any',
  authenticate: ({ query }) => (query['name'] === undefined ? {} : { user: query['name'] }),
});
const plain: App = createApp({ store: memoryStore(), origins: 'any' });
const broadcaster: Broadcaster<typeof contract> = known.broadcaster;
const seen = watchPresence<{ level: number }>(client.join('a')).now.users?.map(({ data }) => data?.level ?? 0);
const untold: readonly (JsonValue | undefined)[] | undefined =
  watchPresence(client.join('a')).now.users?.map(({ data }) => data);
export { plain, broadcaster, seen, untold, roomState };
`;

// In whichever order.
const CLIENT = /parameter of type '("ask" \| "say"|"say" \| "ask")'/;
const SERVER = /parameter of type '("asked" \| "said"|"said" \| "asked")'/;

const SAMPLES: readonly (readonly [code: string, says: RegExp])[] = [
  ["app.on('wrong', () => undefined);", CLIENT],
  ["void app.broadcaster.to('a').send('wrong', 1);", SERVER],
  ["void app.broadcaster.to('a').dispatch('wrong', 1);", SERVER],
  ["void app.broadcaster.to('a').sendEach('wrong', () => 1);", SERVER],
  ["client.send('wrong', 1);", CLIENT],
  ["client.on('wrong', () => undefined);", SERVER],
  ["client.join('a').on('wrong', () => undefined);", SERVER],
  [
    "createApp({ store: memoryStore(), origins: 'any' }).on('x', () => undefined);",
    /give createApp a contract, or use onMessage/,
  ],
  ['plain.onConnect(({ user }) => void user.trim());', /possibly 'undefined'/],
  ['some.onConnect(({ user }) => void user.trim());', /possibly 'undefined'/],
  ['known.onConnect(() => ({ user: undefined }));', /'undefined' is not assignable to type 'string'/],
  ['known.onConnect(() => ({ attributes: { levle: 2 } }));', /levle/],
  [
    "known.on('say', ({ connection }) => connection.setAttributes({ level: 'high' }));",
    /'string' is not assignable to type 'number'/,
  ],
  ['known.onOtherEvent(({ event }) => void event.method);', /'method' does not exist/],
];

/** By line of the sample, from 0. */
function errorsOf(code: string): ReadonlyMap<number, string> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => (name === file ? code : readFile(name));
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, target) =>
    name === file ? ts.createSourceFile(name, code, target, true) : getSourceFile(name, target);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  return new Map(
    program
      .getSemanticDiagnostics(source)
      .map(({ start = 0, messageText }) => [
        source?.getLineAndCharacterOfPosition(start).line ?? -1,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ]),
  );
}

it('names the types that there are', () => {
  const errors = errorsOf(GIVEN + SAMPLES.map(([code]) => code).join('\n'));
  const first = GIVEN.split('\n').length - 1;
  const shown = SAMPLES.map(([code], index) => [code, errors.get(first + index)]);
  expect(shown).toEqual(SAMPLES.map(([code, says]) => [code, expect.stringMatching(says)]));
  expect(errors.size).toBe(SAMPLES.length);
});
