import { setTimeout as delay } from 'node:timers/promises';
import { thisMachine, type Machine } from '../machine.js';
import { grouped, percent } from '../numbers.js';
import { startWorker, type Worker } from '../processes.js';
import { progress } from '../progress.js';
import type { Section } from '../section.js';
import { fourDigits, spreadOf } from '../statistics.js';
import { left, right } from '../table.js';
import type { HostAddress, HostReport, Usage } from './host.js';
import { socketsSeen, watchAsPage } from './inspector.js';
import type { Connected, Received } from './visitors.js';

export interface GatewayResult {
  readonly machine: Machine;
  readonly sockets: number;
  readonly connectSeconds: number;
  /** Of the gateway's process, without sockets and with all of them. */
  readonly rssMbEmpty: number;
  readonly rssMbFull: number;
  /** Share of a core while nothing happens, without and with an open inspector. */
  readonly cpuShareIdle: number;
  readonly cpuShareWatched: number;
  /** How long the control API took to answer what the page asks for. */
  readonly answerMsMedian: number;
  readonly answerMsMax: number;
  readonly broadcastSeconds: number;
  /** What was reported, what the gateway has written, and what the sockets got. */
  readonly delivered: number;
  readonly written: number;
  readonly received: number;
}

const SOCKETS = 10_000;
const IDLE_SECONDS = 10;

/**
 * The local gateway with very many sockets: what they cost, whether the inspector stays usable, and a
 * broadcast to all.
 */
export const gateway: Section<GatewayResult> = {
  async measure({ isQuick }) {
    const sockets = isQuick ? 200 : SOCKETS;
    const seconds = isQuick ? 1 : IDLE_SECONDS;
    const host = startWorker('server', new URL('./host.js', import.meta.url), {});
    const address = await host.hear<HostAddress>();
    const empty = await usageOf(host);
    progress(`gateway: ${sockets} sockets connect`);
    const visitors = startWorker('client', new URL('./visitors.js', import.meta.url), {
      url: address.url.replace('http', 'ws'),
      count: sockets,
    });
    const { ms } = await visitors.hear<Connected>();
    const full = await usageOf(host);
    progress('gateway: nothing happens');
    const cpuShareIdle = await cpuShareDuring(host, () => delay(seconds * 1000));
    progress('gateway: somebody watches');
    let answers: number[] = [];
    const cpuShareWatched = await cpuShareDuring(host, async () => {
      answers = await watchAsPage(address, seconds);
    });
    progress('gateway: a broadcast to all');
    const report = await host.ask<HostReport>({ question: 'broadcast' });
    const received = await visitors.ask<Received>({});
    const written = await socketsSeen(address);
    await Promise.all([visitors.stop(), host.stop()]);
    const { median, max } = spreadOf(answers);
    return {
      machine: thisMachine(),
      sockets,
      connectSeconds: fourDigits(ms / 1000),
      rssMbEmpty: megabytes(empty),
      rssMbFull: megabytes(full),
      cpuShareIdle,
      cpuShareWatched,
      answerMsMedian: fourDigits(median),
      answerMsMax: fourDigits(max),
      broadcastSeconds: fourDigits(report.durationMs / 1000),
      delivered: report.delivered,
      written,
      received: received.sockets,
    };
  },
  tables: (result) => [
    {
      title: `Local gateway: ${grouped(result.sockets)} sockets`,
      columns: [left('what'), right('figure')],
      rows: rowsOf(result),
      notes: ['The gateway, its app and the memory store share one process; the sockets have another.'],
    },
  ],
};

function rowsOf(result: GatewayResult): string[][] {
  return [
    ['all connected after', `${grouped(result.connectSeconds)} s`],
    ['memory of the gateway, no sockets', `${grouped(result.rssMbEmpty)} MB`],
    ['with all of them', `${grouped(result.rssMbFull)} MB`],
    ['CPU while nothing happens', percent(result.cpuShareIdle)],
    ['CPU with the inspector open', percent(result.cpuShareWatched)],
    ['an answer to the inspector, median', `${grouped(result.answerMsMedian)} ms`],
    ['the slowest', `${grouped(result.answerMsMax)} ms`],
    ['a broadcast to all', `${grouped(result.broadcastSeconds)} s`],
    ['reported as delivered', grouped(result.delivered)],
    ['written to sockets', grouped(result.written)],
    ['sockets that got it, once', grouped(result.received)],
  ];
}

function usageOf(host: Worker): Promise<Usage> {
  return host.ask<Usage>({ question: 'usage' });
}

async function cpuShareDuring(host: Worker, work: () => Promise<unknown>): Promise<number> {
  const [before, startedAt] = [await usageOf(host), performance.now()];
  await work();
  const after = await usageOf(host);
  return fourDigits((after.cpuMicros - before.cpuMicros) / 1000 / (performance.now() - startedAt));
}

function megabytes({ rssBytes }: Usage): number {
  return Math.round(rssBytes / 1024 / 1024);
}
