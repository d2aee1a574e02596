/** One store in a process of its own: how fast it is, or how often it waits for its server. */
import { jobGiven, say } from '../processes.js';
import { openStore, type Place } from './contenders.js';
import { inFlight } from './in-flight.js';
import { OPERATION_NAMES, prepareOperations, type Operation, type OperationName } from './operations.js';
import { startTripCounter, type TripCounter } from './trip-counter.js';

export interface OperationsJob {
  readonly place: Place;
  /** Members of the room that is listed and counted. */
  readonly members: number;
  readonly measure: 'speed' | 'round trips';
  /** How long each operation is repeated for `speed`, in milliseconds. */
  readonly ms: number;
}

/** Operations per second, or round trips of each. */
export type OperationsRun = Readonly<Record<OperationName, number>>;

/** The first calls make connections and send scripts; they do not count. */
const WARM_UP_CALLS = 5;
const CALLS = 40;
/** Long listings are not made as often. */
const ENOUGH_MS = 3000;

const { place, members, measure, ms } = jobGiven() as OperationsJob;
const run = measure === 'speed' ? await speedOf(place) : await roundTripsOf(place);
await say(run);
process.exit();

async function speedOf(where: Place): Promise<OperationsRun> {
  const store = await openStore(where);
  const operations = await prepareOperations(store, members);
  return forEachOperation(async (name) => perSecond(operations[name]));
}

async function perSecond({ run: runOnce, underWay }: Operation): Promise<number> {
  let calls = 0;
  const startedAt = performance.now();
  await inFlight(underWay, async (index) => {
    if (index >= underWay && performance.now() - startedAt >= ms) return false;
    if (!(await runOnce(index))) return false;
    calls++;
    return true;
  });
  return (calls * 1000) / (performance.now() - startedAt);
}

async function roundTripsOf(where: Place): Promise<OperationsRun> {
  if (where.address === '') return forEachOperation(async () => 0);
  const counter = await startTripCounter(where.address);
  const store = await openStore({ ...where, address: counter.address });
  const operations = await prepareOperations(store, members);
  return forEachOperation((name) => roundTripsPerCall(operations[name], counter));
}

/** One call after the other, as the counter wants it. */
async function roundTripsPerCall({ run: runOnce }: Operation, { trips }: TripCounter): Promise<number> {
  const startedAt = performance.now();
  let tripsBefore = trips();
  let calls = 0;
  for (let index = 0; index < CALLS && (await runOnce(index)); index++) {
    if (index < WARM_UP_CALLS) tripsBefore = trips();
    else calls++;
    if (calls > 0 && performance.now() - startedAt > ENOUGH_MS) break;
  }
  return (trips() - tripsBefore) / calls;
}

async function forEachOperation(
  measureOne: (name: OperationName) => Promise<number>,
): Promise<OperationsRun> {
  const results: [OperationName, number][] = [];
  for (const name of OPERATION_NAMES) results.push([name, await measureOne(name)]);
  return Object.fromEntries(results) as OperationsRun;
}
