/**
 * The transport contract has to be able to refuse: each broken transport fails the rule that names its fault.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { BroadcastError, type Transport } from 'yc-broadcast';
import { againstEmulator, transportContract, type EmulatorAccess } from 'yc-broadcast/testing';
import { restTransport } from 'yc-broadcast/transports/rest';

type Mutant = (whole: Transport, access: EmulatorAccess) => Partial<Transport>;

/** Sends as the whole transport does, and makes another error of what comes of it. */
const failing =
  (change: (error: BroadcastError) => unknown): Mutant =>
  (whole) => ({
    send: (...call) =>
      whole.send(...call).catch((error: unknown) => {
        throw change(BroadcastError.from(error));
      }),
  });

const recoded = (from: string, to: BroadcastError['code']): Mutant =>
  failing((error) => (error.code === from ? new BroadcastError(to, 'mutant') : error));

const MUTANTS: readonly (readonly [string, RegExp, Mutant])[] = [
  [
    'sends text as bytes',
    /text frame/,
    (whole) => ({ encode: (payload) => whole.encode(new Uint8Array(Buffer.from(payload))) }),
  ],
  [
    'sends bytes as text',
    /binary frame/,
    (whole) => ({ encode: (payload) => whole.encode(Buffer.from(payload).toString('latin1')) }),
  ],
  [
    'forgets where a view begins',
    /binary frame/,
    (whole) => ({
      encode: (payload) =>
        whole.encode(
          typeof payload === 'string' ? payload : new Uint8Array(payload.buffer).subarray(0, payload.length),
        ),
    }),
  ],
  ['promises a byte more than it can', /largest size/, () => ({ maxPayloadBytes: 98_306 })],
  [
    'takes empty payloads',
    /too large, or empty/,
    (whole) => ({ encode: (payload) => whole.encode(payload.length === 0 ? 'x' : payload) }),
  ],
  [
    'counts characters',
    /encoded once|largest size/,
    (whole) => ({ encode: (payload) => ({ ...whole.encode(payload), bytes: payload.length / 2 }) }),
  ],
  [
    'sends everything twice',
    /overlap|only them/,
    (whole) => ({
      send: async (...call) => {
        await whole.send(...call);
        await whole.send(...call);
      },
    }),
  ],
  [
    'retries by itself',
    /attempted once/,
    (whole) => ({
      send: (...call) =>
        whole.send(...call).catch((error: unknown) => {
          if (BroadcastError.from(error).code === 'GATEWAY_UNAVAILABLE') return whole.send(...call);
          throw error;
        }),
    }),
  ],
  [
    'swallows stale connections',
    /does not know is stale/,
    (whole) => ({
      send: (...call) =>
        whole.send(...call).catch((error: unknown) => {
          if (BroadcastError.from(error).code !== 'CONNECTION_STALE') throw error;
        }),
    }),
  ],
  ['calls everyone stale on 403', /403/, recoded('FORBIDDEN', 'CONNECTION_STALE')],
  ['calls everyone stale in an outage', /503/, recoded('GATEWAY_UNAVAILABLE', 'CONNECTION_STALE')],
  ['forgets how long to wait', /asks to wait/, failing(({ code }) => new BroadcastError(code, 'mutant'))],
  ['throws errors of another class', /is stale/, failing(({ message }) => new Error(message))],
  [
    'tells the token',
    /not told to anybody/,
    (whole, { token }) =>
      failing(({ code }) => new BroadcastError(code, `no: ${token}`))(whole, { token } as EmulatorAccess),
  ],
  [
    'has no time-out',
    /ends with its time/,
    (whole) => ({
      send: (id, payload, options) => whole.send(id, payload, { ...options, timeoutMs: 6000 }),
    }),
  ],
  [
    'ignores its signal',
    /signal is aborted already/,
    (whole) => ({ send: (id, payload, { timeoutMs }) => whole.send(id, payload, { timeoutMs }) }),
  ],
  ['disconnects nobody', /disconnect closes/, () => ({ disconnect: () => Promise.resolve() })],
  [
    'takes seconds for milliseconds',
    /get tells/,
    (whole) => ({
      get: async (...call) => {
        const info = await whole.get(...call);
        return { ...info, connectedAt: info.connectedAt / 1000 };
      },
    }),
  ],
  ['does not close', /closed twice/, () => ({ close: () => Promise.resolve() })],
  [
    'cuts off what is too long of an id',
    /more than 50 characters/,
    (whole) => ({ send: (id, ...rest) => whole.send(id.slice(0, 50) || 'x', ...rest) }),
  ],
];

/** What the mutants are made of, to be closed also where the mutant does not. */
const wholes: Transport[] = [];

afterEach(async () => {
  await Promise.all(wholes.splice(0).map((whole) => whole.close()));
});

function contractFor(mutant: Mutant) {
  return transportContract(
    againstEmulator((access) => {
      const whole = restTransport({ endpoint: access.endpoint, token: access.token });
      wholes.push(whole);
      return { ...whole, ...mutant(whole, access) };
    }),
  );
}

describe('the transport contract', () => {
  it.each(MUTANTS)('refuses a transport that %s', async (_name, rule, mutant) => {
    const cases = contractFor(mutant).filter(({ name }) => rule.test(name));
    expect(cases.length).toBeGreaterThan(0);
    const outcomes = await Promise.all(
      cases.map(({ run }) =>
        run().then(
          () => 'passed',
          () => 'refused',
        ),
      ),
    );
    expect(outcomes).toContain('refused');
  });

  it('shows what does not apply as skipped, and refuses to run it', async () => {
    const backend = againstEmulator(() => restTransport({}), { lacks: ['faults', 'retryAfter'] });
    const skipped = transportContract(backend).filter(({ skip }) => skip);
    expect(skipped.length).toBeGreaterThan(5);
    for (const { name, run } of skipped) {
      expect(name).toMatch(/not applicable: the backend lacks (faults|retryAfter)/);
      await expect(run()).rejects.toThrow(name);
    }
  });

  it('has a name of its own for every rule', () => {
    const names = contractFor(() => ({})).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
