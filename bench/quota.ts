import { left, markdown, right } from './table.js';

/** What the platform grants a new cloud. Documented; of functions in each zone. */
export const QUOTAS = {
  callsUnderWay: 10,
  instances: 10,
  ydbRuPerSecond: 1000,
  queueRequestsPerSecond: 300,
} as const;

/**
 * A chat: everybody says something once a minute, and its busiest minute is so much busier than the average.
 */
const MESSAGES_PER_SECOND = 1 / 60;
const PEAK = 3;
/** From the message to the answer: the store is read, and a room of 20 is reached. */
const CALL_SECONDS = 0.1;
/** As in docs/deploy.md. */
const CONCURRENCY = 4;
/**
 * docs/store-ydb.md: who says it, their rooms, and one page of the room; per hour a connection that joins and
 * leaves.
 */
const RU_PER_MESSAGE = 3;
const RU_PER_CONNECTION = 18;

export interface ChatNeed {
  readonly messagesPerSecond: number;
  readonly callsUnderWay: number;
  readonly instances: number;
  readonly ydbRuPerSecond: number;
}

/**
 * What the busiest minute takes. Zones are chosen at random (documented), so one of them may have to bear all
 * of it.
 */
export function needOfChat(users: number): ChatNeed {
  const messagesPerSecond = users * MESSAGES_PER_SECOND * PEAK;
  const callsUnderWay = Math.ceil(messagesPerSecond * CALL_SECONDS);
  return {
    messagesPerSecond,
    callsUnderWay,
    instances: Math.ceil(callsUnderWay / CONCURRENCY),
    ydbRuPerSecond: messagesPerSecond * RU_PER_MESSAGE + (users * RU_PER_CONNECTION) / 3600,
  };
}

/** The table of `docs/quotas.md`. */
export function quotaFigures(): string {
  const needs = [1000, 10_000, 100_000].map((users) => ({ users, ...needOfChat(users) }));
  const row = (what: string, quota: number | undefined, of: (need: ChatNeed) => number): string[] => [
    what,
    quota === undefined ? '–' : whole(quota),
    ...needs.map((need) => marked(Math.ceil(of(need)), quota)),
  ];
  return markdown({
    columns: [
      left('at the peak'),
      right('quota'),
      ...needs.map(({ users }) => right(`${whole(users)} people`)),
    ],
    rows: [
      row('messages a second', undefined, (need) => need.messagesPerSecond),
      row('calls under way, a zone', QUOTAS.callsUnderWay, (need) => need.callsUnderWay),
      row('instances, a zone', QUOTAS.instances, (need) => need.instances),
      row('YDB, RU/s', QUOTAS.ydbRuPerSecond, (need) => need.ydbRuPerSecond),
    ],
  });
}

function marked(value: number, quota = Infinity): string {
  return value > quota ? `**${whole(value)}**` : whole(value);
}

const whole = (value: number): string => value.toLocaleString('en-US');
