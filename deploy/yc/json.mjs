// node json.mjs <question> [arguments]: answers a question about the JSON that comes in. For the scripts beside it.
import { text } from 'node:stream/consumers';
import process from 'node:process';

const [question = '', ...args] = process.argv.slice(2);
const written = (await text(process.stdin)).trim();
const input = written === '' ? undefined : JSON.parse(written);

const answers = {
  /** The field a.b.c. */
  field([path = '']) {
    const value = path.split('.').reduce((inner, name) => inner?.[name], input);
    // Nothing came in when the command before has failed, and has said why.
    if (value === undefined && input !== undefined)
      process.stderr.write(`deploy: the answer has no field ${path}\n`);
    if (value === undefined) process.exit(1);
    return String(value);
  },
  /** The id of what has this name in a list, or nothing. */
  id: ([name]) => input?.find((one) => one.name === name)?.id,
  /** yes, if the account has the role. */
  bound: ([role, account]) =>
    input?.some((one) => one.role_id === role && one.subject?.id === account) === true ? 'yes' : undefined,
  /** The ids of a list. */
  ids: () => input?.map(({ id }) => id).join('\n'),
  /** A new static key as the content of a secret. */
  secret: () =>
    JSON.stringify([
      { key: 'access_key_id', text_value: input.access_key.key_id },
      { key: 'secret_access_key', text_value: input.secret },
    ]),
  /** The address of the queue of this name in a list, or nothing. */
  queue: ([name]) => input?.QueueUrls?.find((url) => url.endsWith(`/${name}`)),
};

const answer = answers[question]?.(args);
if (answer !== undefined && answer !== '') process.stdout.write(`${answer}\n`);
