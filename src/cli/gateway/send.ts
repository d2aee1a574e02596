import { readFileSync } from 'node:fs';
import { CliError, usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags, toggle } from '../flags/flags.js';
import { text } from '../flags/values.js';
import { connectToGateway } from './client.js';
import { PORT_FLAG } from './find.js';

const FLAGS = {
  binary: toggle('a binary frame instead of a text frame'),
  file: one(text('<file>'), 'the bytes of a file; leave <data> out'),
  'as-client': toggle('call the function, as if the client had sent it'),
  port: PORT_FLAG,
};

const HELP = `yc-broadcast send <target> <data>: sends through a running gateway

<target> is a connection's id or the end of it, room:NAME, path:/ws or all.
Rooms are known only from functions that use this library.

${flagsHelp(FLAGS)}

Exit codes: 0 sent, 1 no connection matches or it failed, 2 wrong call.

Examples
  yc-broadcast send all '{"type":"hello"}'
  yc-broadcast send b04b '{"type":"ping"}' --as-client
  yc-broadcast send path:/ws --file picture.png --binary
`;

export const send: Command = {
  help: HELP,
  async run(args) {
    const { port, ...order } = parseSendOptions(args);
    const { connections } = await connectToGateway(port).post<{ connections: number }>('send', order);
    if (connections === 0) throw new CliError(`no connection matches ${order.to}`);
    const targets = connections === 1 ? '1 connection' : `${connections.toLocaleString('en')} connections`;
    process.stdout.write(order.as === 'client' ? `taken from ${targets}\n` : `put on ${targets}\n`);
    return 0;
  },
};

function parseSendOptions(args: readonly string[]) {
  const { flags, words } = parseFlags(FLAGS, args);
  const [to, data, ...more] = words;
  if (to === undefined) throw usageError('missing <target>; see yc-broadcast send --help');
  if (more.length > 0) throw usageError(`expected one message; unexpected argument '${more.join(' ')}'`);
  return {
    to,
    ...dataOf(data, flags.file),
    frame: flags.binary ? 'binary' : 'text',
    as: flags['as-client'] ? 'client' : 'server',
    port: flags.port,
  };
}

function dataOf(
  given: string | undefined,
  file: string | undefined,
): { data: string; encoding: 'utf8' | 'base64' } {
  if ((given === undefined) === (file === undefined))
    throw usageError('missing message; give either <data> or --file');
  if (file === undefined) return { data: given ?? '', encoding: 'utf8' };
  try {
    return { data: readFileSync(file).toString('base64'), encoding: 'base64' };
  } catch {
    throw new CliError(`--file: '${file}' cannot be read`);
  }
}
