import { parseArgs } from 'node:util';
import { CliError, usageError, type Command } from '../command.js';
import { connectToGateway } from './client.js';
import { PORT_HELP } from './find.js';

const HELP = `yc-broadcast kick <target>: closes connections of a running gateway

<target> is a connection's id or the end of it, room:NAME, path:/ws or all.

  --code <number>     close code that the client sees     (default 1000)
  --drop              no close frame: TCP is reset, as by a broken network
${PORT_HELP}

Exit codes: 0 closed, 1 no connection matches or it failed, 2 wrong call.

Examples
  yc-broadcast kick b04b
  yc-broadcast kick path:/ws --code 1012
  yc-broadcast kick all --drop
`;

export const kick: Command = {
  help: HELP,
  async run(args) {
    const { target, code, drop, port } = parseKickOptions(args);
    const gateway = connectToGateway(port);
    const order = { to: target, ...(drop ? {} : { code }) };
    const { connections } = await gateway.post<{ connections: number }>(drop ? 'drop' : 'close', order);
    if (connections === 0) throw new CliError(`no connection matches ${target}`);
    process.stdout.write(`${drop ? 'dropped' : 'closed'} ${connections.toLocaleString('en')}\n`);
    return 0;
  },
};

function parseKickOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      code: { type: 'string' },
      drop: { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  const [target, ...more] = positionals;
  if (target === undefined) throw usageError('missing <target>; see yc-broadcast kick --help');
  if (more.length > 0) throw usageError(`expected one target; unexpected argument '${more.join(' ')}'`);
  const { code = '1000', drop, port } = values;
  if (drop && values.code !== undefined) throw usageError('--drop sends no close frame; omit --code');
  if (!/^\d+$/.test(code)) throw usageError(`--code: expected a close code, got '${code}'`);
  return { target, code: Number(code), drop, port };
}
