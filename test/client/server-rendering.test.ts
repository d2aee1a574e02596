/**
 * A module that makes a client, loaded by a server that renders the page: as docs/client.md shows it, in a
 * process of its own.
 */
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect, type Client } from 'yc-broadcast/client';
import { nativeLane } from '../../src/client/native.js';
import { openWorld } from '../support/client-world.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What surrounds the sample of the page. */
const BEFORE = `
import * as React from 'react';
import { renderToString } from 'react-dom/server';
const append = () => undefined;
/** On a server. */
const onMount = () => undefined;
`;
const AFTER = `
console.log(renderToString(React.createElement(Lobby)), client.state);
client.on('said', append);
client.onState(append);
`;
/** Sockets that hold a process, as those of Node.js 22 do. */
const WITH_SOCKETS = `
globalThis.location = { host: 'chat.example' };
globalThis.WebSocket = class {
  constructor() {
    console.log('dialled');
    setInterval(() => undefined, 1000);
  }
};
`;
/** A worker that allows no random numbers while modules are loaded, and no timers. */
const WITHOUT_ANYTHING = `
delete globalThis.WebSocket;
crypto.getRandomValues = globalThis.setTimeout = () => {
  throw new Error('not while a module is loaded');
};
`;

function sample(): string {
  const page = readFileSync(join(root, 'docs/client.md'), 'utf8');
  const [, section = ''] = page.split('## Where a server renders the page');
  return /^```ts\n([\s\S]*?)^```/m.exec(section)?.[1] ?? '';
}

/** What a process prints that loads the module and ends by itself. */
async function outputOf(prelude: string, module: string, timeout = 10_000): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'yc-broadcast-rendering-'));
  try {
    const { outputFiles } = await build({
      stdin: { contents: BEFORE + module + AFTER, resolveDir: root, loader: 'ts' },
      alias: {
        'yc-broadcast/client': join(root, 'src/client/index.ts'),
        'yc-broadcast/client/react': join(root, 'src/client/react.ts'),
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
    });
    const file = join(folder, 'server.cjs');
    writeFileSync(file, prelude + (outputFiles[0]?.text ?? ''));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout });
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a page rendered on a server, with a lazy client in a module', () => {
  it.each([
    ['where sockets would hold the process, as in Node.js 22', WITH_SOCKETS],
    ['where there are no sockets, as in Node.js 20', 'delete globalThis.WebSocket;'],
    ['where modules are loaded without random numbers and timers', WITHOUT_ANYTHING],
  ])('is rendered, and the process ends, %s', async (_where, prelude) => {
    expect(await outputOf(prelude, sample())).toBe('connecting connecting');
  });

  it('would be held by a client that is not lazy', async () => {
    const eager = sample().replace('lazy: true', '');
    await expect(outputOf(WITH_SOCKETS, eager, 3000)).rejects.toMatchObject({
      killed: true,
      stdout: expect.stringContaining('dialled') as unknown,
    });
  });
});

describe('a lazy client', () => {
  const uses: Record<string, (client: Client) => void> = {
    join: ({ join }) => join('lobby'),
    send: ({ send }) => {
      send('say');
    },
    request: ({ request }) => void request('say').catch(() => undefined),
    start: ({ start }) => {
      start();
    },
  };

  it.each(Object.entries(uses))('connects with %s, once', async (_what, use) => {
    const { client, server, clock } = await openWorld({ lazy: true });
    client.on('said', () => undefined);
    client.retryNow();
    await clock.advance(60_000);
    expect(server.sockets).toHaveLength(0);
    expect(client.state).toBe('connecting');
    use(client);
    client.start();
    await clock.advance(0);
    expect(client.state).toBe('open');
    expect(server.sockets).toHaveLength(1);
  });

  it('closed before it was used stays closed', async () => {
    const { client, server, clock } = await openWorld({ lazy: true });
    client.close();
    client.start();
    await expect(client.request('say')).rejects.toMatchObject({ code: 'NOT_SENT' });
    await clock.advance(60_000);
    expect(server.sockets).toHaveLength(0);
  });
});

describe('without a WebSocket', () => {
  const url = 'wss://gateway.example/ws';
  const withoutSockets = (use: () => void): void => {
    const { WebSocket } = globalThis as { WebSocket?: unknown };
    Object.assign(globalThis, { WebSocket: undefined });
    try {
      use();
    } finally {
      Object.assign(globalThis, { WebSocket });
    }
  };
  const advice = /^INVALID_OPTIONS: connect\.WebSocket: is missing, pass that of the package ws$/;

  it('connect says what to do', () => {
    withoutSockets(() => {
      expect(() => connect({ url })).toThrow(advice);
    });
  });

  it('a lazy client says so when it is used', () => {
    withoutSockets(() => {
      const client = connect({ url, lazy: true });
      expect(() => client.join('lobby')).toThrow(advice);
      expect(() => {
        client.start();
      }).toThrow(advice);
    });
  });

  it('the sockets for the broadcast of the platform can be made', () => {
    withoutSockets(() => {
      expect(() => connect({ url, lazy: true, WebSocket: nativeLane() })).not.toThrow();
    });
  });
});
