import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TimelinePage } from '../../emulator/index.js';
import { usageError, type Command } from '../command.js';
import { connectToGateway, GatewayGone, type GatewayClient } from './client.js';
import { PORT_HELP } from './find.js';
import { formatEntry, jsonEntry } from '../terminal/event-line.js';
import { paletteFor } from '../terminal/palette.js';

const HELP = `yc-broadcast tail: follows the events of a running gateway

  --filter <filter>   only matching events, for example 'type:send status:>=400'
  --lines <number>    how many past events to show first   (default 10)
  --once              only these, without waiting for more
  --json              one JSON object a line
${PORT_HELP}

A filter has terms, all of which must match; a leading - negates a term:
  type:connect,close  kinds of events
  status:>=400        HTTP status; also code:1009, ms:>100
  conn:b04b           the end of a connection's id, or a pattern with *
  queue:jobs          the name of a queue, or a pattern with *
  path:/ws* via:grpc level:warning
  word                part of the reason

It ends with Ctrl-C, or when the gateway stops.
Exit codes: 0 it ended, 1 no gateway, 2 wrong call.

Examples
  yc-broadcast tail --filter 'type:send status:>=400'
  yc-broadcast tail --filter level:error --lines 100 --once
  yc-broadcast tail --json --filter conn:b04b | jq .durationMs
`;

const EVERY_MS = 200;

export const tail: Command = {
  help: HELP,
  async run(args) {
    const { filter, lines, once, json, port } = parseTailOptions(args);
    const write = json ? jsonEntry : formatEntry(paletteFor(process.stdout));
    for await (const entry of entriesOf(connectToGateway(port), filter, lines, once))
      process.stdout.write(`${write(entry)}\n`);
    return 0;
  },
};

function parseTailOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      filter: { type: 'string', default: '' },
      lines: { type: 'string', default: '10' },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  if (!/^\d+$/.test(values.lines))
    throw usageError(`--lines: expected a whole number, got '${values.lines}'`);
  return values;
}

/** The past, then what comes, until the gateway stops. */
async function* entriesOf(gateway: GatewayClient, filter: string, lines: string, isOver: boolean) {
  let page = await gateway.read<TimelinePage>('timeline', { filter, limit: lines });
  yield* page.entries;
  while (!isOver) {
    await delay(EVERY_MS);
    try {
      page = await gateway.read<TimelinePage>('timeline', {
        filter,
        after: String(page.latest),
        limit: '2000',
      });
    } catch (reason) {
      if (!(reason instanceof GatewayGone)) throw reason;
      return;
    }
    yield* page.entries;
  }
}
