import { setTimeout as delay } from 'node:timers/promises';
import type { TimelinePage } from '../../emulator/index.js';
import type { Command } from '../command.js';
import { flagsHelp, one, parseFlags, toggle } from '../flags/flags.js';
import { text, wholeNumber } from '../flags/values.js';
import { connectToGateway, GatewayGone, type GatewayClient } from './client.js';
import { PORT_FLAG } from './find.js';
import { formatEntry, jsonEntry } from '../terminal/event-line.js';
import { paletteFor } from '../terminal/palette.js';

const FLAGS = {
  filter: one(text('<filter>'), "only matching events, for example 'type:send status:>=400'"),
  lines: one(wholeNumber('<number>'), 'how many past events to show first (default 10)'),
  once: toggle('only these, without waiting for more'),
  json: toggle('one JSON object a line'),
  port: PORT_FLAG,
};

const HELP = `yc-broadcast tail: follows the events of a running gateway

${flagsHelp(FLAGS)}

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
    const { filter, lines = 10, once, json, port } = parseFlags(FLAGS, args, false).flags;
    const write = json ? jsonEntry : formatEntry(paletteFor(process.stdout));
    for await (const entry of entriesOf(connectToGateway(port), filter, lines, once))
      process.stdout.write(`${write(entry)}\n`);
    return 0;
  },
};

/** The past, then what comes, until the gateway stops. */
async function* entriesOf(
  gateway: GatewayClient,
  filter: string | undefined,
  lines: number,
  isOver: boolean,
) {
  let page = await gateway.read<TimelinePage>('timeline', { filter, limit: lines });
  yield* page.entries;
  while (!isOver) {
    await delay(EVERY_MS);
    try {
      page = await gateway.read<TimelinePage>('timeline', {
        filter,
        after: page.latest,
        limit: 2000,
      });
    } catch (reason) {
      if (!(reason instanceof GatewayGone)) throw reason;
      return;
    }
    yield* page.entries;
  }
}
