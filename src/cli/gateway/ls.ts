import type { ConnectionPage, ConnectionRow, QueuePage, Status } from '../../emulator/index.js';
import type { Command } from '../command.js';
import { flagsHelp, one, parseFlags, toggle } from '../flags/flags.js';
import { format, oneOf, text, wholeNumber } from '../flags/values.js';
import { connectToGateway } from './client.js';
import { PORT_FLAG } from './find.js';
import { printable } from '../terminal/printable.js';
import { paletteFor } from '../terminal/palette.js';
import { span } from '../terminal/duration.js';

const ORDERS = ['newest', 'oldest', 'idle', 'received', 'sent'] as const;

const FLAGS = {
  target: one(text('<target>'), 'only these: path:/ws, room:NAME, the end of an id'),
  sort: one(oneOf('<order>', ORDERS), `${ORDERS.join(', ')} (default newest)`),
  limit: one(wholeNumber('<number>'), 'most lines, up to 500 (default 100)'),
  queues: toggle('list its queues and their messages instead'),
  format: one(format, 'text or json (default text)'),
  port: PORT_FLAG,
};

const HELP = `yc-broadcast ls: lists the open connections of a running gateway

${flagsHelp(FLAGS)}

IN counts messages from the client, OUT frames to it.

Exit codes: 0 done, 1 no gateway or no such connection, 2 wrong call.

Examples
  yc-broadcast ls
  yc-broadcast ls --target room:lobby --sort idle
  yc-broadcast ls --format json | jq -r .connections[].id
`;

export const ls: Command = {
  help: HELP,
  async run(args) {
    const { target, sort, limit, queues, format, port } = parseFlags(FLAGS, args, false).flags;
    const gateway = connectToGateway(port);
    if (queues) return listQueues(await gateway.read<QueuePage>('queues'), format);
    const page = await gateway.read<ConnectionPage>('connections', { target, sort, limit });
    if (format === 'json') {
      process.stdout.write(`${JSON.stringify(page)}\n`);
      return 0;
    }
    const { now } = await gateway.read<Status>('status');
    process.stdout.write(tableText(page, now));
    return 0;
  },
};

const HEADINGS = ['ID', 'PATH', 'AGE', 'SILENT', 'IN', 'OUT', 'ROOMS'];

function listQueues(page: QueuePage, format: 'text' | 'json' | undefined): number {
  const rows = page.queues.map(({ name, visible, inFlight, delayed, trigger }) => [
    ...[name, String(visible), String(inFlight), String(delayed)],
    trigger ?? '-',
  ]);
  const text = rows.length === 0 ? 'there are no queues\n' : columns(QUEUE_HEADINGS, rows);
  process.stdout.write(format === 'json' ? `${JSON.stringify(page)}\n` : text);
  return 0;
}

const QUEUE_HEADINGS = ['QUEUE', 'VISIBLE', 'IN FLIGHT', 'DELAYED', 'READ BY'];

function tableText({ total, connections }: ConnectionPage, now: number): string {
  if (total === 0) return 'no connections\n';
  const more = total - connections.length;
  const rest = more === 0 ? '' : `${more.toLocaleString('en')} more; see --limit\n`;
  return (
    columns(
      HEADINGS,
      connections.map((connection) => cellsOf(connection, now)),
    ) + rest
  );
}

/** Columns as wide as what is in them. */
function columns(headings: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = [headings, ...cells.map((row) => row.map(printable))];
  const widths = headings.map((_heading, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [heading = '', ...lines] = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${paletteFor(process.stdout)('dim', heading)}\n${lines.join('\n')}\n`;
}

function cellsOf(connection: ConnectionRow, now: number): string[] {
  const { id, path, connectedAt, lastActiveAt, received, sent, rooms } = connection;
  return [
    id,
    path,
    span(now - connectedAt),
    span(now - lastActiveAt),
    String(received),
    String(sent),
    rooms.join(' '),
  ];
}
