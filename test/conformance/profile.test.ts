/**
 * A profile switches the local gateway to what was seen: the suite then sees just that, and nothing else
 * changes.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CASES } from '../../src/conformance/cases/index.js';
import { runLocal } from '../../src/conformance/run/local.js';
import type { CaseResult } from '../../src/conformance/run/run-cases.js';
import { startEmulator, type Profile } from '../../src/emulator/index.js';
import { CHOICES } from '../../src/emulator/profile/guesses.js';

const profileOf = (seen: Readonly<Record<string, string>>): Profile => ({
  version: 1,
  date: '2026-11-30',
  cases: Object.fromEntries(Object.entries(seen).map(([id, one]) => [id, { seen: one }])),
});

/** Two profiles that differ from what is assumed in as much as can be. */
const PROFILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a talkative cloud': {
    'handshake.exception': 'HTTP 500',
    'handshake.first-message': 'does not arrive',
    'event.path-of-messages': 'absent',
    'event.path-of-disconnects': 'absent',
    'event.query-of-messages': 'present',
    'event.default-format': 'format 0.1',
    'order.overlap': 'serial',
    'reply.status-400': 'a message',
    'reply.status-201': 'a message',
    'reply.string-status': 'a message',
    'reply.exception': 'a message',
    'reply.malformed': 'a message',
    'reply.timeout': 'a message',
    'reply.empty': 'an empty message',
    'reply.empty-body': 'an empty message',
    'type.json-charset': 'text',
    'type.none': 'text',
    'size.frame-in': 'more than 32768 bytes',
    'size.reply': 'a message',
    'send.gone': 'HTTP 410, gRPC 9',
    'send.unknown': 'HTTP 410, gRPC 9',
    'send.foreign': 'HTTP 410, gRPC 9',
    'send.malformed': 'HTTP 400, gRPC 3',
    'send.long-id': 'HTTP 404, gRPC 5',
    'close.after-disconnect': 'closed with 1001',
    'close.oversized': 'closed with 1002',
    'disconnect.fin': 'code 1005',
    'disconnect.reset': 'code 1005',
    'disconnect.api': 'code 1005',
    'disconnect.mass': 'none',
    'authorizer.asked-for-messages': 'called',
    'authorizer.context-of-messages': 'absent',
    'ids.request': 'one id for a connection',
    'freeze.after-return': 'runs on',
    'trigger.parallelism': 'one at a time',
    'broadcast.frame': 'binary',
    'close.idle': 'closed with 1000',
    'close.lifetime': 'closed with 1011',
    'idle.client-ping': 'does not reset',
    'idle.server-send': 'resets',
  },
  'a strict cloud': {
    'event.headers-of-messages': 'absent',
    'event.default-format': 'format 1.0',
    'reply.status-400': 'closed with 1011',
    'reply.exception': 'closed with 1011',
    'reply.timeout': 'closed with 1011',
    'reply.empty': 'closed with 1011',
    'size.message-in': 'more than 131072 bytes',
    'size.reply': 'closed with 1009',
    'disconnect.close-frame': 'no event',
    'disconnect.api': 'no event',
    'freeze.after-return': 'runs on for a while',
    'idle.client-message': 'does not reset',
  },
};

describe.each(Object.entries(PROFILES))('%s', (_name, seen) => {
  const results = new Map<string, CaseResult>();

  beforeAll(async () => {
    const cases = CASES.filter(({ id }) => id in seen);
    for (const result of await runLocal({ cases, emulator: { profile: profileOf(seen) } }))
      results.set(result.id, result);
  }, 180_000);

  it.each(Object.entries(seen))('%s: %s', (id, expected) => {
    const figures: unknown = expect.anything();
    expect(results.get(id)).toEqual({ id, outcome: 'differs', seen: expected, figures });
  });
});

describe('a profile', () => {
  const handler = () => ({ statusCode: 200 });

  it('knows the cases and what they assume, no more and no less', () => {
    const assumed = CASES.map(({ id, assumed: guess }) => [id, guess]);
    const known = [...CHOICES].map(([id, [guess]]) => [id, guess]);
    expect(known.sort()).toEqual(assumed.sort());
  });

  it('offers nothing that a case cannot see', () => {
    for (const { id, answers, otherwise } of CASES)
      for (const choice of CHOICES.get(id) ?? [])
        if (typeof choice === 'string' && otherwise === undefined)
          expect(Object.keys(answers)).toContain(choice);
  });

  it('says once what it cannot follow', async () => {
    const profile = profileOf({ 'handshake.compression': 'permessage-deflate', 'old.case': 'yes' });
    await using gateway = await startEmulator({ routes: { '/ws': handler }, profile });
    expect(gateway.warnings).toEqual([
      "profile: handshake.compression was seen as 'permessage-deflate', which is not emulated; here it is 'none'",
      "profile: there is no case 'old.case' in this version",
    ]);
  });

  it('is silent about what is as assumed, and about what nothing here depends on', async () => {
    const profile = profileOf({ 'handshake.compression': 'none', 'billing.pings': 'billed' });
    await using gateway = await startEmulator({ routes: { '/ws': handler }, profile });
    expect(gateway.warnings).toEqual([]);
  });

  it('is refused when it is not one', async () => {
    const profile = { version: 2, date: '', cases: {} } as unknown as Profile;
    await expect(startEmulator({ routes: { '/ws': handler }, profile })).rejects.toThrow(
      'startEmulator.profile.version',
    );
  });
});
