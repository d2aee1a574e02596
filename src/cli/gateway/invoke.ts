import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Invoked } from '../../emulator/index.js';
import { parseJson } from '../../base/json.js';
import { CliError, usageError, type Command } from '../command.js';
import { connectToGateway } from './client.js';
import { PORT_HELP } from './find.js';

const HELP = `yc-broadcast invoke connect|message|disconnect: calls a function without a
socket

Calls the function of a running gateway with an event, as if it came from a
socket, and prints the response as JSON. The reply is not sent to any client.

  --path <path>       path of the event                    (default the first)
  --data <text>       of the message                       (default {})
  --connection <id>   an open connection to take the handshake from; the end
                      of its id is enough
  --file <file>       the event itself, as JSON, instead of these
  --print             print the event, do not call the function
${PORT_HELP}

Exit codes: 0 the function answered with a status below 400, 1 it did not,
2 wrong call.

Examples
  yc-broadcast invoke message --data '{"type":"join","data":{"room":"tea"}}'
  yc-broadcast invoke connect --print > event.json
  yc-broadcast invoke connect --file event.json
`;

const OPERATIONS: readonly string[] = ['connect', 'message', 'disconnect'];

export const invoke: Command = {
  help: HELP,
  async run(args) {
    const { port, ...order } = parseInvokeOptions(args);
    const answer = await connectToGateway(port).post<Invoked | { readonly event: object }>('invoke', order);
    if ('event' in answer) {
      process.stdout.write(`${JSON.stringify(answer.event, null, 2)}\n`);
      return 0;
    }
    const { status, problem = '', response } = answer;
    if (response === undefined) throw new CliError(`the function failed (${status}): ${problem}`);
    process.stdout.write(`${JSON.stringify(response, null, 2)}\n`);
    return response.statusCode < 400 ? 0 : 1;
  },
};

function parseInvokeOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      path: { type: 'string' },
      data: { type: 'string' },
      connection: { type: 'string' },
      file: { type: 'string' },
      print: { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  const [operation, ...more] = positionals;
  if (operation === undefined || !OPERATIONS.includes(operation))
    throw usageError(`missing <event>; expected one of ${OPERATIONS.join(', ')}`);
  if (more.length > 0) throw usageError(`expected one event; unexpected argument '${more.join(' ')}'`);
  const { file, port, ...rest } = values;
  return { operation, ...rest, ...(file === undefined ? {} : { event: readEvent(file) }), port };
}

function readEvent(file: string): object {
  const event = parseJson(readText(file));
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw new CliError(`--file: '${file}' is not a JSON object`);
  return event;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CliError(`--file: '${file}' cannot be read`);
  }
}
