/**
 * The notifications example: what the endpoint refuses and repeats, whose badge shows what, and what the
 * timer sends.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { GatewayResponse } from 'yc-broadcast';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { createTestKit, type TestKit } from 'yc-broadcast/testing';
import { createNotifications } from '../../examples/notifications/app.js';
import type { notifications } from '../../examples/notifications/contract.js';
import { createInboxes, INBOX_LIMITS, inboxOf } from '../../examples/notifications/inbox.js';
import { runCli } from '../support/cli.js';

const SECRET = 'a-secret-of-both';
const TEA = { to: ['anna'], title: 'Tea', text: 'In the kitchen.' };

let kit: TestKit<typeof notifications>;
let call: (event: unknown) => Promise<GatewayResponse>;

beforeEach(() => {
  kit = createTestKit(({ transport, now }) => {
    const app = createNotifications({
      store: memoryStore({ now }),
      transport,
      secret: SECRET,
      origins: ['https://site.example'],
    });
    call = app.handler;
    return app;
  });
});

const connectAs = (user: string) => kit.connect('/ws', { query: { token: user } });

interface Order {
  readonly key?: string;
  readonly secret?: string;
  readonly method?: string;
  /** When it is signed, in Unix milliseconds. */
  readonly time?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

async function publish(
  order: object | string,
  { key = 'order-01', secret = SECRET, method = 'POST', time = Date.now(), headers = {} }: Order = {},
) {
  const body = typeof order === 'string' ? order : JSON.stringify(order);
  const signature = createHmac('sha256', secret).update(`${time}\n${key}\n${body}`).digest('hex');
  const signed = { 'Idempotency-Key': key, 'X-Signed-At': String(time), 'X-Signature': signature };
  const answer = await kit.request('/notify', { method, headers: { ...signed, ...headers }, body });
  return { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
}

const tick = () =>
  call(JSON.parse(readFileSync(new URL('../../examples/notifications/timer.json', import.meta.url), 'utf8')));

describe('an order', () => {
  it('reaches every device of those that it is for, with their number, and nobody else', async () => {
    const [laptop, phone, boris] = [
      await connectAs('anna'),
      await connectAs('anna'),
      await connectAs('boris'),
    ];
    expect(await publish(TEA)).toMatchObject({ status: 200, kept: 1, repeated: false });
    await laptop.expectBroadcast('badge', { unread: 1 });
    await phone.expectBroadcast('badge', { unread: 1 });
    await boris.expectNothing();
  });

  it('is kept for somebody who is not there', async () => {
    await publish(TEA);
    await publish({ ...TEA, to: ['anna', 'boris', 'anna'], title: 'Cake' }, { key: 'order-02' });
    const anna = await connectAs('anna');
    await anna.push('inbox', {});
    const { kept } = await anna.expectReply('inbox', { unread: 2 });
    expect(kept.map(({ title, id }) => [title, id])).toEqual([
      ['Tea', 'order-01'],
      ['Cake', 'order-02'],
    ]);
  });

  it('that comes again is answered as before and notifies nobody', async () => {
    const anna = await connectAs('anna');
    const first = await publish(TEA);
    await anna.expectBroadcast('badge', { unread: 1 });
    expect(await publish(TEA)).toEqual({ ...first, repeated: true });
    await anna.expectNothing();
  });

  it('that comes twice at the same time is carried out once', async () => {
    const answers = await Promise.all([publish(TEA), publish(TEA)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const anna = await connectAs('anna');
    await anna.push('inbox', {});
    await anna.expectReply('inbox', { unread: 1 });
  });

  it.each([
    ['405 without POST', TEA, { method: 'GET' }, 405],
    ['400 without a key', TEA, { headers: { 'Idempotency-Key': '' } }, 400],
    ['401 with the signature of somebody else', TEA, { secret: 'a guess' }, 401],
    ['401 with the signature of another key', TEA, { headers: { 'Idempotency-Key': 'order-99' } }, 401],
    ['401 when somebody kept it', TEA, { time: Date.now() - 10 * 60_000 }, 401],
    ['401 with another time', TEA, { headers: { 'X-Signed-At': String(Date.now() + 1) } }, 401],
    ['401 with no time', TEA, { time: NaN }, 401],
    ['401 without a signature', TEA, { headers: { 'X-Signature': '' } }, 401],
    ['400 when it is no JSON', '{', {}, 400],
    ['400 when it is for nobody', { ...TEA, to: [] }, {}, 400],
    ['400 with a field that is not known', { ...TEA, txt: '' }, {}, 400],
  ])('is refused with %s', async (_what, order, how, status) => {
    expect(await publish(order, how)).toMatchObject({ status });
    const anna = await connectAs('anna');
    await anna.push('inbox', {});
    await anna.expectReply('inbox', { unread: 0, kept: [] });
  });
});

describe('the badge', () => {
  it('goes to nothing on all devices when one has looked, and counts from there', async () => {
    const [laptop, phone] = [await connectAs('anna'), await connectAs('anna')];
    await publish(TEA);
    await phone.expectBroadcast('badge', { unread: 1 });
    await laptop.push('seen', {});
    await phone.expectBroadcast('badge', { unread: 0 });
    await publish(TEA, { key: 'order-02' });
    await phone.expectBroadcast('badge', { unread: 1 });
  });

  it('counts what is kept when nobody remembers any more how far somebody has looked', async () => {
    let now = Date.now();
    const store = memoryStore({ now: () => now });
    const inboxes = createInboxes(store);
    const put = () => store.history.append(inboxOf('anna'), '{}', INBOX_LIMITS);
    await put();
    await put();
    await inboxes.markSeen('anna');
    now += INBOX_LIMITS.maxAgeMs - 1000;
    await put();
    expect(await inboxes.unread('anna')).toBe(1);
    now += 2000;
    expect(await inboxes.unread('anna')).toBe(1);
  });
});

describe('the timer', () => {
  it('reminds everybody of what is theirs, and not those who have looked', async () => {
    const [anna, boris, clara] = [
      await connectAs('anna'),
      await connectAs('boris'),
      await connectAs('clara'),
    ];
    await publish({ ...TEA, to: ['anna', 'boris'] });
    await publish({ ...TEA, title: 'Cake' }, { key: 'order-02' });
    await boris.expectBroadcast('badge', { unread: 1 });
    await boris.push('seen', {});
    await boris.expectBroadcast('badge', { unread: 0 });

    expect(await tick()).toMatchObject({ statusCode: 200 });
    await anna.expectBroadcast('digest', { unread: 2, newest: 'Cake' });
    await boris.expectNothing();
    await clara.expectNothing();
  });
});

describe('an inbox', () => {
  it('is for its owner', async () => {
    const boris = await connectAs('boris');
    await boris.send(JSON.stringify({ type: '$join', id: 'j1', data: { room: 'inbox:anna' } }));
    await boris.expectError('FORBIDDEN');
    await kit.expectRefused(401, '/ws', { query: { token: 'no spaces' } });
  });
});

it('has the specification that the command prints', async () => {
  const ids = ['--function-id', 'set-me', '--service-account-id', 'set-me'];
  const { output } = await runCli('spec', ...ids, '--http', '/notify', '--title', 'notifications');
  expect(parse(readFileSync('examples/notifications/gateway.yaml', 'utf8'))).toEqual(parse(output));
});
