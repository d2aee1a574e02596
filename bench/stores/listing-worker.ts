/** One store in a process of its own, started with `--expose-gc`: what listing very many takes in memory. */
import { jobGiven, say } from '../processes.js';
import { openStore, type Place } from './contenders.js';
import { fill } from './filling.js';
import { pagesOf, PAGE_SIZE } from './operations.js';

export interface ListingJob {
  readonly place: Place;
  readonly members: number;
  /**
   * Fill and list need processes of their own where the store keeps its data elsewhere: filling takes memory,
   * too.
   */
  readonly does: 'fill' | 'list' | 'both';
}

export interface ListingRun {
  readonly listed: number;
  readonly perSecond: number;
  /**
   * The most that was in use right after a garbage collection, above what was in use before the first page.
   */
  readonly heapGrowthBytes: number;
  /** The most memory that the process had between two pages, above what it had before the first. */
  readonly rssGrowthBytes: number;
}

const WARM_UP_PAGES = 20;
const COLLECTIONS = 10;

const { place, members, does } = jobGiven() as ListingJob;
const store = await openStore(place);
if (does !== 'list') await fill(store, place, members);
await say(does === 'fill' ? { filled: members } : await list());
process.exit();

async function list(): Promise<ListingRun> {
  await warmUp();
  const heapBefore = heapInUse();
  const rssBefore = process.memoryUsage.rss();
  const pagesPerCollection = Math.ceil(members / PAGE_SIZE / COLLECTIONS);
  let [listed, pages, mostHeap, mostRss, collectedMs] = [0, 0, heapBefore, rssBefore, 0];
  const startedAt = performance.now();
  for await (const page of pagesOf(store, { all: true })) {
    listed += page.length;
    mostRss = Math.max(mostRss, process.memoryUsage.rss());
    if (++pages % pagesPerCollection !== 0) continue;
    const collectingSince = performance.now();
    mostHeap = Math.max(mostHeap, heapInUse());
    collectedMs += performance.now() - collectingSince;
  }
  const seconds = (performance.now() - startedAt - collectedMs) / 1000;
  return {
    listed,
    perSecond: listed / seconds,
    heapGrowthBytes: mostHeap - heapBefore,
    rssGrowthBytes: mostRss - rssBefore,
  };
}

async function warmUp(): Promise<void> {
  let pages = 0;
  for await (const _page of pagesOf(store, { all: true })) if (++pages === WARM_UP_PAGES) return;
}

function heapInUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
