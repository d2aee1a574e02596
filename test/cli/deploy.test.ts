/**
 * What is deployed: the function's bundle and the gateway's specification, and both together in the local
 * gateway.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startEmulator } from 'yc-broadcast/emulator';
import { enter } from '../support/chat.js';
import { runCli, temporaryProject } from '../support/cli.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function project(files: Readonly<Record<string, string>>): string {
  const { path, remove } = temporaryProject(files);
  cleanUps.push(remove);
  return path;
}

/** Far from this project: whatever is not in a bundle is not found there. */
function elsewhere(): string {
  const path = mkdtempSync(join(tmpdir(), 'deploy-test-'));
  cleanUps.push(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

const IDS = ['--function-id', 'd4efunction', '--service-account-id', 'ajeaccount'];

const FILES = ['index.js', 'index.js.map', 'package-lock.json', 'package.json'];

describe('yc-broadcast bundle', () => {
  it('makes the content of an archive that needs nothing else', async () => {
    const out = elsewhere();
    const { code, output } = await runCli('bundle', 'examples/chat/handler.ts', '--out', out);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(FILES);
    expect(JSON.parse(readFileSync(join(out, 'package.json'), 'utf8'))).toMatchObject({ type: 'module' });
    expect(output).toMatch(
      /index\.js +1\d\d KB, with index\.js\.map, package-lock\.json and package\.json\n/,
    );
    expect(output).toMatch(/\n {2}zod +\d+ KB\n/);
    expect(output).toMatch(/\nentry point: index\.handler \(runtime nodejs22\)\n$/);
    expect(
      output
        .replace(out, 'build')
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  it('lets the platform run `npm ci` in its folder', async () => {
    const out = elsewhere();
    await runCli('bundle', 'examples/chat/handler.ts', '--out', out);
    execFileSync('npm', ['ci', '--omit=dev', '--offline', '--no-audit', '--no-fund'], { cwd: out });
    expect(
      readdirSync(out)
        .filter((name) => name !== 'node_modules')
        .sort(),
    ).toEqual(FILES);
  });

  it('may be made again in the same folder, also over one of an earlier version', async () => {
    const out = elsewhere();
    expect((await runCli('bundle', 'examples/chat/handler.ts', '--out', out)).code).toBe(0);
    writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
    rmSync(join(out, 'package-lock.json'));
    expect((await runCli('bundle', 'examples/chat/handler.ts', '--out', out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(FILES);
  });

  it.each(['package.json', 'index.js', 'package-lock.json'])(
    'overwrites no %s that it has not written, and writes nothing then',
    async (name) => {
      const out = elsewhere();
      const mine =
        name === 'index.js' ? 'export const mine = 1;\n' : '{ "name": "mine", "type": "module" }\n';
      writeFileSync(join(out, name), mine);
      expect(await runCli('bundle', 'examples/chat/handler.ts', '--out', out)).toEqual({
        code: 1,
        output: `yc-broadcast: ${join(out, name)} is not from an earlier bundle, and would be overwritten: choose another folder for the bundle, such as build\n`,
      });
      expect(readdirSync(out)).toEqual([name]);
      expect(readFileSync(join(out, name), 'utf8')).toBe(mine);
    },
  );

  it('makes the same bytes of the same source', async () => {
    const [first, second] = [elsewhere(), elsewhere()];
    for (const out of [first, second]) await runCli('bundle', 'examples/chat/handler.ts', '--out', out);
    expect(readFileSync(join(first, 'index.js')).equals(readFileSync(join(second, 'index.js')))).toBe(true);
  });

  // The store of the cloud keeps the state of rooms, which is 14 KB; the live board has the fan-out over a queue,
  // too.
  it.each([
    ['chat', 176],
    ['notifications', 178],
    ['live-board', 192],
    ['game', 184],
  ])(
    'makes of examples/%s at most %i KB, with the store of the cloud and nothing that is for the laptop',
    async (example, maxKb) => {
      const out = elsewhere();
      await runCli('bundle', `examples/${example}/handler.ts`, '--out', out);
      const code = readFileSync(join(out, 'index.js'), 'utf8');
      expect(Buffer.byteLength(code)).toBeLessThanOrEqual(maxKb * 1000);
      expect(code).toContain('YC_BROADCAST_YDB_ENDPOINT');
      expect(code).not.toMatch(/STORE_URL|ioredis|postgres|laptop/);
    },
  );

  it('gives what is CommonJS a require, and nobody else', async () => {
    const path = project({
      'old.cjs': "exports.platform = () => require('node:os').platform();",
      'old-user.ts': "import { platform } from './old.cjs'; export const handler = () => platform();",
      'new-user.ts': "import { platform } from 'node:os'; export const handler = () => platform();",
    });
    for (const [file, has] of [
      ['old-user.ts', true],
      ['new-user.ts', false],
    ] as const) {
      const out = elsewhere();
      expect((await runCli('bundle', join(path, file), '--out', out)).code).toBe(0);
      expect(readFileSync(join(out, 'index.js'), 'utf8').includes('createRequire')).toBe(has);
      const { handler } = (await import(join(out, 'index.js'))) as { handler: () => string };
      expect(handler()).toBe(process.platform);
    }
  });

  it('warns of a package that slipped in', async () => {
    const path = project({
      'big.ts': "import ts from 'typescript'; export const handler = () => ts.version;",
    });
    const { code, output } = await runCli('bundle', join(path, 'big.ts'), '--out', elsewhere());
    expect(code).toBe(0);
    expect(output).toMatch(/\nwarning: typescript adds \d+ KB; every cold start loads it\n/);
  });

  it('does not warn of this library, which cannot be left out', async () => {
    const path = project({
      // Of its own, since in this project the name means its source.
      'package.json': '{ "type": "module" }',
      'tsconfig.json': '{}',
      'node_modules/yc-broadcast/package.json':
        '{ "name": "yc-broadcast", "type": "module", "main": "large.js" }',
      'node_modules/yc-broadcast/large.js': `export const text = '${'x'.repeat(110_000)}';`,
      'handler.ts': "import { text } from 'yc-broadcast'; export const handler = () => text;",
    });
    const { code, output } = await runCli('bundle', join(path, 'handler.ts'), '--out', elsewhere());
    expect(code).toBe(0);
    expect(output).toMatch(/\n {2}yc-broadcast +110 KB\n/);
    expect(output).not.toContain('warning');
  });

  it.each([
    ['export const handlr = 1;', "has no export 'handler'; it exports handlr: choose one with file#name"],
    ['export default () => 1;', 'it exports a default export: write: export const handler = …'],
    ['export const handler = ;', 'cannot be bundled:'],
    ["import 'not-installed'; export const handler = 1;", 'Could not resolve "not-installed"'],
  ])('says what is wrong with %j', async (source, problem) => {
    const path = project({ 'handler.ts': source });
    const { code, output } = await runCli('bundle', join(path, 'handler.ts'), '--out', elsewhere());
    expect(code).toBe(1);
    expect(output).toContain(problem);
  });

  it('asks for the file', async () => {
    expect(await runCli('bundle')).toEqual({
      code: 2,
      output: 'yc-broadcast: missing <entry>; try: yc-broadcast bundle src/handler.ts\n',
    });
  });
});

describe('yc-broadcast spec', () => {
  it('leads the three operations of each path to the function, with ids in variables', async () => {
    const { code, output } = await runCli('spec', ...IDS, '--path', '/ws', '--path', '/rooms/{room}');
    expect(code).toBe(0);
    expect(output).not.toMatch(/[&*]a\d/);
    const document = parse(output) as Record<string, Record<string, Record<string, object>>>;
    expect(document['x-yc-apigateway']?.['variables']).toMatchObject({
      function_id: { default: 'd4efunction' },
      service_account_id: { default: 'ajeaccount' },
    });
    expect(Object.keys(document['paths'] ?? {})).toEqual(['/ws', '/rooms/{room}']);
    for (const event of ['connect', 'message', 'disconnect']) {
      const operation = document['paths']?.['/rooms/{room}']?.[`x-yc-apigateway-websocket-${event}`];
      expect(operation).toEqual({
        parameters: [{ name: 'room', in: 'path', required: true, schema: { type: 'string' } }],
        'x-yc-apigateway-integration': {
          type: 'cloud_functions',
          function_id: '${var.function_id}',
          tag: '$latest',
          payload_format_version: '1.0',
        },
      });
    }
  });

  it('leads HTTP requests to the function, too', async () => {
    const { output } = await runCli('spec', ...IDS, '--json', '--http', '/notify', '--http', '/hooks/{name}');
    const { paths } = JSON.parse(output) as { paths: Record<string, Record<string, object>> };
    expect(Object.keys(paths)).toEqual(['/ws', '/notify', '/hooks/{name}']);
    expect(paths['/hooks/{name}']).toEqual({
      'x-yc-apigateway-any-method': {
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
        'x-yc-apigateway-integration': expect.objectContaining({ type: 'cloud_functions' }),
      },
    });
  });

  it('lets an authorizer decide on connects only, since every call is paid for', async () => {
    const { output } = await runCli(
      ...['spec', ...IDS, '--json', '--authorizer-id', 'd4eguard'],
      ...['--credential', 'cookie:session', '--authorizer-ttl', '60'],
    );
    const document = JSON.parse(output) as Record<string, never>;
    expect(document).toMatchObject({
      paths: { '/ws': { 'x-yc-apigateway-websocket-connect': { security: [{ connectAuthorizer: [] }] } } },
      components: {
        securitySchemes: {
          connectAuthorizer: {
            type: 'apiKey',
            in: 'cookie',
            name: 'session',
            'x-yc-apigateway-authorizer': {
              type: 'function',
              function_id: '${var.authorizer_id}',
              authorizer_result_ttl_in_seconds: 60,
            },
          },
        },
      },
    });
    expect(output.match(/security"/g)).toHaveLength(1);
  });

  it.each([
    [[], 'missing --function-id <id>: the function that the gateway calls'],
    [['--function-id', 'd4e'], 'missing --service-account-id <id>: the account that calls it'],
    [[...IDS, '--path', 'ws'], '--path: expected a path such as /ws or /rooms/{room}'],
    [[...IDS, '--http', 'notify'], '--http: expected a path such as /ws or /rooms/{room}'],
    [[...IDS, '--http', '/ws'], '--http: /ws is a WebSocket path; choose another one'],
    [[...IDS, '--credential', 'query:token'], '--credential and --authorizer-ttl require --authorizer-id'],
    [[...IDS, '--authorizer-id', 'd4e', '--credential', 'body:x'], '--credential: expected query:<name>'],
    [
      [...IDS, '--authorizer-id', 'd4e', '--authorizer-ttl', '1.5'],
      '--authorizer-ttl: expected a whole number of seconds',
    ],
  ])('refuses %j and says why', async (args, problem) => {
    const { code, output } = await runCli('spec', ...args);
    expect(code).toBe(2);
    expect(output).toContain(problem);
  });
});

it('both together are the chat, in the local gateway', async () => {
  const out = elsewhere();
  await runCli('bundle', 'examples/chat/handler.ts', '--out', out);
  const { output } = await runCli('spec', ...IDS);
  const spec = join(out, 'gateway.yaml');
  writeFileSync(spec, output);
  const emulator = await startEmulator({
    spec,
    store: true,
    functions: { d4efunction: { entry: join(out, 'index.js'), env: { ORIGINS: 'http://chat.test' } } },
  });
  cleanUps.push(() => emulator.stop());
  const anna = await enter(emulator, 'Anna');
  const boris = await enter(emulator, 'Boris');
  await anna.ask('join', { room: 'lobby' });
  await boris.ask('join', { room: 'lobby' });
  await anna.ask('say', { room: 'lobby', text: 'hello' });
  expect((await boris.hear('said')).data).toMatchObject({ room: 'lobby', text: 'hello' });
});
