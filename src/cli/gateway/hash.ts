import { parseArgs } from 'node:util';
import { HASH_KEY_VARIABLE, hashId } from '../../observe/hash.js';
import { usageError, type Command } from '../command.js';

const HELP = `yc-broadcast hash <id>...: prints the short form of ids

Logs and spans do not contain the ids of connections, users, rooms and messages,
but a short form of them. This prints the short form of ids that you know, so
that you can search for them.

  --function-id <id>  the function that wrote the logs: its id is the key
  --key <key>         the key, if you set one of your own (hashKey)
                      (default: the variable ${HASH_KEY_VARIABLE})

Examples
  yc-broadcast hash anna --function-id d4e…
  yc logging read --group-name chat | \\
    grep "$(yc-broadcast hash anna --function-id d4e…)"
`;

export const hash: Command = {
  help: HELP,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { 'function-id': { type: 'string' }, key: { type: 'string' } },
    });
    const key = values.key ?? values['function-id'] ?? process.env[HASH_KEY_VARIABLE];
    if (key === undefined || key === '')
      throw usageError('missing --function-id <id>, or --key <key> if you set a key of your own');
    if (positionals.length === 0)
      throw usageError('missing <id>; for example: yc-broadcast hash anna --function-id d4e…');
    for (const id of positionals) process.stdout.write(`${hashId(key, id)}\n`);
    return 0;
  },
};
