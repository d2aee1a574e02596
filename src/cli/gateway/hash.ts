import { HASH_KEY_VARIABLE, hashId } from '../../observe/hash.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, one, parseFlags } from '../flags/flags.js';
import { text } from '../flags/values.js';

const FLAGS = {
  'function-id': one(text('<id>'), 'the function whose logs they are: its id is the key'),
  key: one(
    text('<key>'),
    `the key, where you gave one of your own (hashKey) (default: the variable ${HASH_KEY_VARIABLE})`,
  ),
};

const HELP = `yc-broadcast hash <id>...: how ids stand in logs and spans

Logs and spans hold no id of a connection, user, room or message, but a short
form of it. This prints the short form of ids that you know, to look for them.

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
      throw usageError('Whose logs? Give --function-id <id>, or --key <key> if you have set one');
    if (words.length === 0)
      throw usageError('Which id? For example: yc-broadcast hash anna --function-id d4e…');
    for (const id of words) process.stdout.write(`${hashId(key, id)}\n`);
    return 0;
  },
};
