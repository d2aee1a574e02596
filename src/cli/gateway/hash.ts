import { HASH_KEY_VARIABLE, hashId } from '../../observe/hash.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags } from '../flags/flags.js';
import { text } from '../flags/values.js';

const FLAGS = {
  'function-id': one(text('<id>'), 'the function that wrote the logs: its id is the key'),
  key: one(
    text('<key>'),
    `the key, if you set one of your own (hashKey) (default: the variable ${HASH_KEY_VARIABLE})`,
  ),
};

const HELP = `yc-broadcast hash <id>...: prints the short form of ids

Logs and spans do not contain the ids of connections, users, rooms and messages,
but a short form of them. This prints the short form of ids that you know, so
that you can search for them.

${flagsHelp(FLAGS)}

Examples
  yc-broadcast hash anna --function-id d4e…
  yc logging read --group-name chat | \\
    grep "$(yc-broadcast hash anna --function-id d4e…)"
`;

export const hash: Command = {
  help: HELP,
  async run(args) {
    const { flags, words } = parseFlags(FLAGS, args);
    const key = flags.key ?? flags['function-id'] ?? process.env[HASH_KEY_VARIABLE];
    if (key === undefined || key === '')
      throw usageError('missing --function-id <id>, or --key <key> if you set a key of your own');
    if (words.length === 0)
      throw usageError('missing <id>; for example: yc-broadcast hash anna --function-id d4e…');
    for (const id of words) process.stdout.write(`${hashId(key, id)}\n`);
    return 0;
  },
};
