import type { Emulator, FaultPage } from '../../emulator/index.js';
import { toFailure } from '../command.js';
import { faultsText } from '../gateway/fault.js';
import { createGatewayClient, type GatewayClient } from '../gateway/client.js';
import { openInBrowser } from './open-browser.js';

/** What a key does; its text is printed. */
interface Key {
  readonly key: string;
  readonly label: string;
  run(emulator: Emulator, gateway: GatewayClient): string | undefined | Promise<string | undefined>;
}

const KEYS: readonly Key[] = [
  { key: 'o', label: 'inspector', run: ({ inspector }) => openInBrowser(inspector.url) },
  {
    key: 'r',
    label: 'start afresh',
    run: async ({ instances }) => {
      await instances.restart();
      return 'restarted all instances';
    },
  },
  {
    key: 'k',
    label: 'kick all',
    run: async (_emulator, gateway) => {
      const { connections } = await gateway.post<{ connections: number }>('close', { to: 'all', code: 1012 });
      return connections === 0 ? 'no connections' : `closed ${connections} with 1012`;
    },
  },
  {
    key: 'f',
    label: 'faults',
    run: async (_emulator, gateway) =>
      `${faultsText(await gateway.read<FaultPage>('faults'))}yc-broadcast fault --help tells how to change that`,
  },
  { key: 'c', label: 'clear', run: () => '\u001b[2J\u001b[3J\u001b[H' },
  { key: '?', label: 'help', run: () => keysText() },
  {
    key: 'q',
    label: 'quit',
    run() {
      process.kill(process.pid, 'SIGINT');
      return undefined;
    },
  },
];

/** What can be pressed, for the banner. */
export function keysLine(): string {
  return process.stdin.isTTY ? keysText() : 'Ctrl-C stops it.';
}

function keysText(): string {
  return KEYS.map(({ key, label }) => `[${key}] ${label}`).join('  ');
}

/** Listens as long as somebody can press a key. Returns how to stop. */
export function listenToKeys(emulator: Emulator): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const { url, inspector } = emulator;
  const gateway = createGatewayClient({ url, token: inspector.token });
  const onKey = (pressed: string): void => {
    // A terminal that passes keys on does so with Ctrl-C too.
    const wanted = pressed === '\u0003' ? 'q' : pressed.toLowerCase();
    const found = KEYS.find(({ key }) => key === wanted);
    if (found !== undefined) void press(found, emulator, gateway);
  };
  stdin.setRawMode(true).setEncoding('utf8').on('data', onKey).resume();
  return () => {
    stdin.off('data', onKey).setRawMode(false).pause();
  };
}

async function press(key: Key, emulator: Emulator, gateway: GatewayClient): Promise<void> {
  try {
    const text = await key.run(emulator, gateway);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  } catch (reason) {
    process.stderr.write(`${toFailure(reason).message}\n`);
  }
}
