import * as z from 'zod/mini';
import { BroadcastError } from '../base/errors.js';
import type { BroadcastStatus, WatchOptions } from '../model/dispatched-broadcast.js';
import { lazily, parseOptions } from '../base/options.js';
import { sleep } from './sleep.js';

const FIRST_PAUSE_MS = 250;
const GROWTH = 1.5;

const optionsSchema = lazily(() =>
  z.strictObject({
    signal: z.optional(z.instanceof(AbortSignal)),
    everyMs: z._default(z.number().check(z.positive()), 5000),
  }),
);

/** The status each time it changes, until it is settled. Looks less often while nothing happens. */
export async function* watchStatus(
  id: string,
  read: () => Promise<BroadcastStatus | undefined>,
  options: WatchOptions | undefined,
): AsyncGenerator<BroadcastStatus> {
  const { signal, everyMs } = parseOptions(optionsSchema(), options ?? {}, 'watch options');
  const first = Math.min(FIRST_PAUSE_MS, everyMs);
  let pauseMs = first;
  let seen = '';
  for (;;) {
    const status = await read();
    if (status === undefined) throw unknownBroadcast(id);
    const { etaMs: _guess, ...facts } = status;
    const news = JSON.stringify(facts);
    if (news !== seen) yield status;
    if (status.settled) return;
    pauseMs = news === seen ? Math.min(everyMs, pauseMs * GROWTH) : first;
    seen = news;
    await sleep(pauseMs, signal);
  }
}

/** The last status that a watch gives. */
export async function lastOf(watch: AsyncIterable<BroadcastStatus>, id: string): Promise<BroadcastStatus> {
  let last: BroadcastStatus | undefined;
  for await (const status of watch) last = status;
  if (last === undefined) throw unknownBroadcast(id);
  return last;
}

function unknownBroadcast(id: string): BroadcastError {
  return new BroadcastError(
    'INVALID_OPTIONS',
    `no broadcast '${id}' was dispatched, or its record has expired`,
  );
}
