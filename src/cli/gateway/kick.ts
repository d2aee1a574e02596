import { CliError, usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags, toggle } from '../flags/flags.js';
import { wholeNumber } from '../flags/values.js';
import { connectToGateway } from './client.js';
import { PORT_FLAG } from './find.js';

const FLAGS = {
  code: one(wholeNumber('<number>', 'a close code'), 'close code that the client sees (default 1000)'),
  drop: toggle('no close frame: TCP is reset, as by a broken network'),
  port: PORT_FLAG,
};

const HELP = `yc-broadcast kick <target>: closes connections of a running gateway

<target> is a connection's id or the end of it, room:NAME, path:/ws or all.

${flagsHelp(FLAGS)}

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
    const { connections } = await gateway.post<{ connections: number }>(drop ? 'drop' : 'close', {
      to: target,
      code,
    });
    if (connections === 0) throw new CliError(`no connection matches ${target}`);
    process.stdout.write(`${drop ? 'dropped' : 'closed'} ${connections.toLocaleString('en')}\n`);
    return 0;
  },
};

function parseKickOptions(args: readonly string[]) {
  const { flags, words } = parseFlags(FLAGS, args);
  const [target, ...more] = words;
  if (target === undefined) throw usageError('missing <target>; see yc-broadcast kick --help');
  if (more.length > 0) throw usageError(`expected one target; unexpected argument '${more.join(' ')}'`);
  if (flags.drop && flags.code !== undefined) throw usageError('--drop sends no close frame; omit --code');
  return { target, ...flags };
}
