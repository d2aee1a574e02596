import type { FaultPage } from '../../emulator/index.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, parseFlags } from '../flags/flags.js';
import { connectToGateway, type GatewayClient } from './client.js';
import { PORT_FLAG } from './find.js';

const FLAGS = { port: PORT_FLAG };

const HELP = `yc-broadcast fault set|preset|ls|clear: injects faults into a running gateway

  set <settings>      adds faults: <point>.<field>=<value>, several of them; the
                      points are send, connect, message, disconnect, instance
                      and token. docs/local-gateway.md has the fields of each
  preset [name]       adds those of a preset; without a name lists the presets
  ls                  the active faults, and how often each was triggered
  clear [number]      removes all faults, or one
${flagsHelp(FLAGS)}

Exit codes: 0 done, 1 no gateway or it refused, 2 wrong call.

Examples
  yc-broadcast fault set send.status=503 send.rate=0.2
  yc-broadcast fault set connect.delay=2s disconnect=lost seed=7
  yc-broadcast fault preset gone-storm
  yc-broadcast fault clear
`;

type Action = (gateway: GatewayClient, words: readonly string[]) => Promise<string>;

const ACTIONS: Readonly<Record<string, Action>> = {
  async set(gateway, words) {
    if (words.length === 0)
      throw usageError('missing <settings>; try: yc-broadcast fault set send.status=503');
    await gateway.post('faults', { text: words.join(' ') });
    return inForce(gateway);
  },
  async preset(gateway, [preset, ...more]) {
    refuseMore(more);
    if (preset === undefined) return presetsText(await gateway.read<FaultPage>('faults'));
    await gateway.post('faults', { preset });
    return inForce(gateway);
  },
  async ls(gateway, words) {
    refuseMore(words);
    return inForce(gateway);
  },
  async clear(gateway, [number, ...more]) {
    refuseMore(more);
    await gateway.remove(number === undefined ? 'faults' : `faults/${number.replace(/^#/, '')}`);
    return inForce(gateway);
  },
};

export const fault: Command = {
  help: HELP,
  async run(args) {
    const {
      flags,
      words: [name = '', ...words],
    } = parseFlags(FLAGS, args);
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined)
      throw usageError(`missing action; expected one of ${Object.keys(ACTIONS).join(', ')}`);
    process.stdout.write(await action(connectToGateway(flags.port), words));
    return 0;
  },
};

function refuseMore(words: readonly string[]): void {
  if (words.length > 0)
    throw usageError(`unexpected argument '${words.join(' ')}'; see yc-broadcast fault --help`);
}

async function inForce(gateway: GatewayClient): Promise<string> {
  return faultsText(await gateway.read<FaultPage>('faults'));
}

/** What is in force, one line each. */
export function faultsText({ faults }: FaultPage): string {
  if (faults.length === 0) return 'no faults are injected\n';
  const lines = faults.map(({ id, text, strikes }) => `#${id}  ${text}  triggered ${strikes}×\n`);
  return lines.join('');
}

function presetsText({ presets }: FaultPage): string {
  const width = Math.max(...presets.map(({ name }) => name.length));
  return presets.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join('');
}
