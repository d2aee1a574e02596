import { costOfSends, gbHoursOf, usdOf, type SendsCost } from '../src/queue/lanes/cost.js';
import { PLATFORM } from '../src/queue/lanes/platform-figures.js';
import { referenceOf } from './load-table.js';
import { grouped } from './numbers.js';
import type { Summary } from './results.js';
import { left, markdown, right } from './table.js';

const MEMORY_MB = [128, 256, 512, 1024] as const;
const MILLION = 1_000_000;

/** What a million deliveries take on one instance whose core spends so much time on each. */
export function costOfMillion(cpuMicrosPerSend: number, memoryMb: number): SendsCost {
  return costOfSends(MILLION, cpuMicrosPerSend, memoryMb);
}

/** An hour of a chat: everybody says something once a minute, and every message is one call. */
export interface ChatHour {
  readonly users: number;
  readonly roomSize: number;
  readonly memoryMb: number;
}

/**
 * What is paid for in it. Deliveries are free (documented); a call is assumed to end within the first 100 ms.
 */
export function costOfChatHour({ users, roomSize, memoryMb }: ChatHour) {
  const messages = users * 60;
  // The gateway charges for the handshake and for what a client sends; whether for the disconnect, too, is
  // not documented.
  const gatewayRequests = users + messages;
  const calls = gatewayRequests + users;
  const seconds = (calls * PLATFORM.billedMs) / 1000;
  return {
    deliveries: messages * roomSize,
    gatewayRequests,
    calls,
    gbHours: gbHoursOf(memoryMb, seconds),
    usd: usdOf(memoryMb, seconds, calls),
  };
}

/** The tables of `docs/cost.md`; nothing while nothing was measured. */
export function costFigures({ pipeline }: Summary): string {
  const ours = pipeline && referenceOf(pipeline.rows, 'ours')?.cpuMicrosPerSend.median;
  const sdk = pipeline && referenceOf(pipeline.rows, 'sdk')?.cpuMicrosPerSend.median;
  if (ours === undefined || sdk === undefined) return '';
  return [
    `**A million deliveries by one instance**, at ${grouped(ours)} µs of CPU each (the official SDK 3.2: ${grouped(sdk)} µs)`,
    millionTable(ours, sdk),
    '**An hour of chat**: everybody says something once a minute, rooms of 20, 128 MB',
    chatTable(),
  ].join('\n\n');
}

function millionTable(ours: number, sdk: number): string {
  return markdown({
    columns: [
      right('memory'),
      right('sends/s'),
      left('limit'),
      right('time'),
      right('GB-hours'),
      right('US$'),
      right('with the SDK: time'),
      right('US$'),
    ],
    rows: MEMORY_MB.map((memoryMb) => {
      const cost = costOfMillion(ours, memoryMb);
      const other = costOfMillion(sdk, memoryMb);
      return [
        `${grouped(memoryMb)} MB`,
        grouped(Math.round(cost.sendsPerSecond)),
        cost.isLimitedByPackets ? 'packets' : 'CPU',
        duration(cost.seconds),
        cost.gbHours.toFixed(3),
        cost.usd.toFixed(4),
        duration(other.seconds),
        other.usd.toFixed(4),
      ];
    }),
  });
}

function chatTable(): string {
  return markdown({
    columns: [
      right('users'),
      right('deliveries, free'),
      right('gateway requests'),
      right('calls'),
      right('GB-hours'),
      right('US$ for the function'),
    ],
    rows: [100, 1000, 10_000].map((users) => {
      const hour = costOfChatHour({ users, roomSize: 20, memoryMb: 128 });
      return [
        grouped(users),
        grouped(hour.deliveries),
        grouped(hour.gatewayRequests),
        grouped(hour.calls),
        hour.gbHours.toFixed(2),
        hour.usd.toFixed(3),
      ];
    }),
  });
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
