/**
 * One client in a process of its own: warms up, waits for the word, sends for a while, tells what it took.
 */
import { once } from 'node:events';
import type { Client, RoomClient, SendClient } from './clients/client.js';
import { openClient } from './clients/table.js';
import { jobGiven, say } from './processes.js';
import { startStopwatch, type Stopwatch } from './stopwatch.js';
import { connectionId, type Target } from './target.js';

export interface LoadPlan {
  /** Sends under way at once, for clients that leave it to the harness. */
  readonly window: number;
  /** Recipients of a room, for clients that take whole rooms. */
  readonly room: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadJob extends LoadPlan {
  readonly client: string;
  readonly target: Target;
}

export interface Sent {
  readonly sends: number;
  readonly failed: number;
  /** The first failure. */
  readonly reason?: string | undefined;
}

export interface Load extends Sent {
  readonly seconds: number;
  readonly cpuMicros: number;
  /** The most memory that the process had, warm-up and all. */
  readonly peakRssBytes: number;
}

/** A room of the warm-up is not larger than this, so that warming up ends in time. */
const WARM_UP_ROOM = 500;

const job = jobGiven() as LoadJob;
const client = await openClient(job.client, job.target);
const warmUp = await drive(client, Math.min(job.room, WARM_UP_ROOM), job.warmUpMs);
await say(warmUp);
await once(process, 'message');
await say(await measured(() => drive(client, job.room, job.measureMs)));
// The SDK cannot be closed, so no client is.
process.exit();

async function measured(work: () => Promise<Sent>): Promise<Load> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const sent = await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ...sent,
    seconds: (performance.now() - startedAt) / 1000,
    cpuMicros: user + system,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function drive(client: Client, room: number, ms: number): Promise<Sent> {
  const watch = startStopwatch(ms);
  return 'send' in client ? driveSends(client, watch) : driveRooms(client, room, watch);
}

/**
 * As many loops as the window has places: each sends, waits for the answer, sends again. The same for every
 * client.
 */
async function driveSends(client: SendClient, watch: Stopwatch): Promise<Sent> {
  const result: { sends: number; failed: number; reason?: string } = { sends: 0, failed: 0 };
  let next = 0;

  async function loop(): Promise<void> {
    while (!watch.isOver()) {
      try {
        await client.send(connectionId(next++));
        result.sends++;
      } catch (reason) {
        result.failed++;
        result.reason ??= textOf(reason);
      }
    }
  }

  await Promise.all(Array.from({ length: job.window }, loop));
  return result;
}

/** `fetch` says why only in the cause. */
function textOf(reason: unknown): string {
  const cause = reason instanceof Error ? reason.cause : undefined;
  return cause instanceof Error ? `${String(reason)} (${cause.message})` : String(reason);
}

/** One room after the other. A room that fails as a whole counts as failed, as it does for its user. */
async function driveRooms(client: RoomClient, room: number, watch: Stopwatch): Promise<Sent> {
  const result: { sends: number; failed: number; reason?: string } = { sends: 0, failed: 0 };
  while (!watch.isOver()) {
    try {
      const accepted = await client.sendRoom(room);
      result.sends += accepted;
      result.failed += room - accepted;
    } catch (reason) {
      result.failed += room;
      result.reason ??= textOf(reason);
    }
  }
  return result;
}
