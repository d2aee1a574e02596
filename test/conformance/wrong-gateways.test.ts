/**
 * Gateways that do something else than is assumed are found out, at the case that names the fault, and only
 * there.
 */
import { describe, expect, it } from '@jest/globals';
import { CASES } from '../../src/conformance/cases/index.js';
import { runLocal, type RunLocalOptions } from '../../src/conformance/run/local.js';

/** Cases that ask about neighbouring things, so that a fault could be blamed on the wrong one. */
const ASKED = [
  'handshake.refusal',
  'type.json',
  'size.frame-in',
  'size.message-in',
  'size.send-rest',
  'close.oversized',
  'close.after-disconnect',
  'disconnect.api',
  'disconnect.close-frame',
  'freeze.after-return',
];

async function blamed(options: RunLocalOptions): Promise<string[]> {
  const cases = CASES.filter(({ id }) => ASKED.includes(id));
  const results = await runLocal({ ...options, cases });
  expect(results).toHaveLength(ASKED.length);
  return results.filter(({ outcome }) => outcome !== 'as assumed').map(({ id }) => id);
}

describe('a gateway', () => {
  it('that is as it should be passes', async () => {
    expect(await blamed({})).toEqual([]);
  }, 120_000);

  it('with kinder sizes fails at the sizes', async () => {
    const limits = { maxFrameBytes: 131_072, maxMessageBytes: 1_048_576 };
    expect(await blamed({ emulator: { limits } })).toEqual(['size.frame-in', 'size.message-in']);
  }, 120_000);

  it('whose instances are never frozen fails at the freezing', async () => {
    expect(await blamed({ instances: { freezeAfterMs: 'off' } })).toEqual(['freeze.after-return']);
  }, 120_000);

  it('that closes with a wrong code fails at that code', async () => {
    const cases = { 'close.after-disconnect': { seen: 'closed with 1011' } };
    const profile = { version: 1 as const, date: '2026-11-30', cases };
    expect(await blamed({ emulator: { profile } })).toEqual(['close.after-disconnect']);
  }, 120_000);
});
