import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CliError, usageError, type Command } from '../command.js';
import { connectToGateway } from './client.js';
import { PORT_HELP } from './find.js';

const HELP = `yc-broadcast send <target> <data>: sends through a running gateway

<target> is a connection's id or the end of it, room:NAME, path:/ws or all.
Rooms are known only from functions that use this library.

  --binary            a binary frame instead of a text frame
  --file <file>       the bytes of a file; leave <data> out
  --as-client         call the function, as if the client had sent it
${PORT_HELP}

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
    const whom = connections === 1 ? '1 connection' : `${connections.toLocaleString('en')} connections`;
    process.stdout.write(order.as === 'client' ? `taken from ${whom}\n` : `put on ${whom}\n`);
    return 0;
  },
};

function parseSendOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      binary: { type: 'boolean', default: false },
      file: { type: 'string' },
      'as-client': { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  const [to, data, ...more] = positionals;
  if (to === undefined) throw usageError('missing <target>; see yc-broadcast send --help');
  if (more.length > 0) throw usageError(`expected one message; unexpected argument '${more.join(' ')}'`);
  return {
    to,
    ...dataOf(data, values.file),
    frame: values.binary ? 'binary' : 'text',
    as: values['as-client'] ? 'client' : 'server',
    port: values.port,
  };
}

function dataOf(
  text: string | undefined,
  file: string | undefined,
): { data: string; encoding: 'utf8' | 'base64' } {
  if ((text === undefined) === (file === undefined))
    throw usageError('missing message; give either <data> or --file');
  if (file === undefined) return { data: text ?? '', encoding: 'utf8' };
  try {
    return { data: readFileSync(file).toString('base64'), encoding: 'base64' };
  } catch {
    throw new CliError(`--file: '${file}' cannot be read`);
  }
}
