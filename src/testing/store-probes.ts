import assert from 'node:assert';
import pLimit from 'p-limit';
import type { Audience, ConnectionStore, ListOptions, Page } from '../model/store.js';

/** How many calls are under way when a case has thousands to make. */
const CALLS_AT_ONCE = 64;

export interface WalkOptions {
  /** @default 500 */
  readonly limit?: number;
  readonly after?: string;
  readonly shard?: ListOptions['shard'];
  /** Called after each page but the last, before the next one is asked for. */
  readonly between?: (page: Page) => Promise<void>;
}

/**
 * Lists an audience to its end and returns the ids in its order. Refuses a listing that repeats anybody or
 * never ends.
 */
export async function walk(
  store: ConnectionStore,
  audience: Audience,
  options: WalkOptions = {},
): Promise<string[]> {
  const { limit = 500, shard, between } = options;
  const ids = new Set<string>();
  const cursors = new Set<string | undefined>();
  let after = options.after;
  for (;;) {
    assert.ok(!cursors.has(after), `the listing comes to '${after}' again`);
    cursors.add(after);
    const page = await store.list(audience, { limit, after, shard });
    takeIn(page, limit, ids);
    if (page.done) return [...ids];
    assert.ok(page.next, 'a page that is not the last one has no next');
    after = page.next;
    await between?.(page);
  }
}

function takeIn({ connections }: Page, limit: number, ids: Set<string>): void {
  assert.ok(connections.length <= limit, `a page of ${connections.length} where ${limit} was the limit`);
  for (const { id } of connections) {
    assert.ok(!ids.has(id), `'${id}' is listed twice`);
    ids.add(id);
  }
}

/** Deep equality of what JSON keeps: backends make objects of their own, also in another realm. */
export function sameValue(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [actual, expected].map((value): unknown => JSON.parse(JSON.stringify(value ?? null)));
  assert.deepStrictEqual(got, wanted, `${what}: expected ${short(wanted)}, got ${short(got)}`);
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** That a call is refused as a wrong argument: with a rejection, not at the call itself. */
export async function expectRefused(what: string, call: () => Promise<unknown>): Promise<void> {
  let answer: Promise<unknown>;
  try {
    answer = call();
  } catch {
    assert.fail(`${what} throws at the call instead of rejecting`);
  }
  const reason: unknown = await answer.then(
    () => assert.fail(`${what} is accepted`),
    (error: unknown) => error,
  );
  const { name, code } = reason as { name?: string; code?: string };
  assert.deepStrictEqual(
    [name, code],
    ['BroadcastError', 'INVALID_OPTIONS'],
    `${what} is refused with another error`,
  );
}

/** Makes a call for each item, many at a time. */
export async function forEach<T>(items: readonly T[], call: (item: T) => Promise<unknown>): Promise<void> {
  const limit = pLimit(CALLS_AT_ONCE);
  await Promise.all(items.map((item) => limit(() => call(item))));
}

/** `count` names with a common beginning: `p0000`, `p0001`, … */
export function names(beginning: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${beginning}${String(index).padStart(4, '0')}`);
}
