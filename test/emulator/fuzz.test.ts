/**
 * Garbage of every kind against a running `dev`. A short part runs always; the whole is for by hand:
 *
 *     YC_BROADCAST_FUZZ=2000000 npm run jest -- test/emulator/fuzz.test.ts
 *
 * `YC_BROADCAST_FUZZ_SEED` chooses other garbage, `YC_BROADCAST_FUZZ_SECONDS` ends it earlier.
 */
import { expect, it } from '@jest/globals';
import { seedOf } from '../support/random.js';
import { apiAttacks } from '../support/fuzz/api-attacks.js';
import { createGarbage } from '../support/fuzz/garbage.js';
import { httpAttacks, type Attack } from '../support/fuzz/http-attacks.js';
import { http2Attacks } from '../support/fuzz/http2-attacks.js';
import { startNormalClient } from '../support/fuzz/normal-client.js';
import { socketAttacks } from '../support/fuzz/socket-attacks.js';
import { startTarget, type Target } from '../support/fuzz/target.js';

const { YC_BROADCAST_FUZZ, YC_BROADCAST_FUZZ_SEED = '1', YC_BROADCAST_FUZZ_SECONDS } = process.env;
const WANTED = Number(YC_BROADCAST_FUZZ ?? 20_000);
const SECONDS = Number(YC_BROADCAST_FUZZ_SECONDS ?? (YC_BROADCAST_FUZZ === undefined ? 10 : 3600));
const ATTACKERS = 6;
const ATTACKS: readonly Attack[] = [...httpAttacks, ...http2Attacks, ...socketAttacks, ...apiAttacks];

interface Siege {
  readonly done: number;
  /** In the middle of the run, when caches and the timeline are full, and at its end. In megabytes. */
  readonly middleMb: number;
  readonly endMb: number;
}

async function besiege(target: Target, wanted: number): Promise<Siege> {
  const until = performance.now() + SECONDS * 1000;
  let [done, middleMb] = [0, 0];
  const fraction = (): number => Math.max(done / wanted, 1 - (until - performance.now()) / 1000 / SECONDS);

  async function attack(number: number): Promise<void> {
    const garbage = createGarbage(seedOf(`${YC_BROADCAST_FUZZ_SEED}/${number}`));
    while (fraction() < 1 && target.ended() === undefined) {
      done += await garbage.pick(ATTACKS)(target, garbage);
      if (middleMb === 0 && fraction() > 0.5) middleMb = target.residentMb();
    }
  }

  await Promise.all(Array.from({ length: ATTACKERS }, (_, number) => attack(number)));
  return { done, middleMb, endMb: target.residentMb() };
}

it(
  'garbage neither ends dev nor keeps it from serving others',
  async () => {
    const target = await startTarget();
    try {
      const client = await startNormalClient(target.port);
      const siege = await besiege(target, WANTED);
      const { problems, served, slowestMs } = await client.stop();
      if (YC_BROADCAST_FUZZ !== undefined) console.log({ ...siege, served, slowestMs });
      expect([target.ended(), target.ended() === undefined ? '' : target.lastWords()]).toEqual([
        undefined,
        '',
      ]);
      expect(problems).toEqual([]);
      expect(served).toBeGreaterThan(0);
      if (YC_BROADCAST_FUZZ !== undefined) expect(siege.endMb).toBeLessThan(siege.middleMb * 1.25 + 20);
    } finally {
      await target.stop();
    }
  },
  (SECONDS + 60) * 1000,
);
