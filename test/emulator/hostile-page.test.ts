/** A page of another site, in Chromium, against a running `dev`: it reads nothing, and changes nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.js';
import { startNormalClient } from '../support/fuzz/normal-client.js';
import { startTarget, type Target } from '../support/fuzz/target.js';
import { requireProgram } from '../support/servers.js';

const executablePath = requireProgram('chromium', 'apt-get install chromium');
const withChromium = executablePath === undefined ? describe.skip : describe;
jest.setTimeout(120_000);

const SCRIPT = fileURLToPath(new URL('../support/hostile-page.js', import.meta.url));
const EVIL = 'evil.example';
const REBOUND = 'rebound.example';

const PATHS = [
  '//',
  '/',
  '/index.html',
  '/.env',
  '/secret.js',
  '/_yc-broadcast/',
  '/_yc-broadcast/api/status',
  '/nowhere',
];
/** What would change something if it came from somebody who may. */
const ORDERS = [
  ['/_yc-broadcast/api/send', '{"to":"all","data":"stolen"}'],
  ['/_yc-broadcast/api/close', '{"to":"all"}'],
  ['/_yc-broadcast/api/faults', '{"text":"send.status=503"}'],
  ['/_yc-broadcast/api/restart', '{}'],
  ['/_yc-broadcast/store', '{"TableName":"yc_broadcast_store","Item":{"p":{"S":"a"},"s":{"S":"b"}}}'],
  ['/', 'Action=SendMessage&QueueUrl=http://x/jobs&MessageBody=stolen'],
  ['/apigateways/websocket/v1/connections/x:send', '{"data":"eA=="}'],
] as const;
const SIGNATURE = 'AWS4-HMAC-SHA256 Credential=a/20260101/x/sqs/aws4_request';

const WEAPONS = { paths: PATHS, orders: ORDERS, signature: SIGNATURE };

let browser: Browser;
let site: Server;
let target: Target;

interface Row {
  readonly id?: unknown;
  readonly path?: unknown;
}

/** What the control API says of all that a page could have changed. */
async function state(): Promise<unknown> {
  const headers = { 'x-yc-broadcast-token': target.token };
  const parts = ['connections', 'queues', 'faults', 'instances', 'broadcasts'].map(async (part) => {
    const response = await fetch(`http://localhost:${target.port}/_yc-broadcast/api/${part}`, { headers });
    return [part, await response.json()] as const;
  });
  const { connections, queues, faults, instances, broadcasts } = Object.fromEntries(
    await Promise.all(parts),
  ) as Record<string, Record<string, readonly Row[]>>;
  const ids = instances?.['instances']?.map(({ id }) => Number(id)).sort();
  // The normal client comes and goes.
  const sockets = connections?.['connections']?.filter(({ path }) => path !== '/echo');
  const key = { TableName: 'yc_broadcast_store', Key: { p: { S: 'a' }, s: { S: 'b' } } };
  const item = await fetch(`http://localhost:${target.port}/_yc-broadcast/store`, {
    method: 'POST',
    headers: { authorization: 'x', 'x-amz-target': 'DynamoDB.GetItem' },
    body: JSON.stringify(key),
  });
  return {
    sockets,
    queues,
    faults: faults?.['faults'],
    ids,
    broadcasts,
    item: await item.text(),
  };
}

async function newPage(): Promise<Page> {
  const context = await browser.newContext();
  await context.addInitScript({ path: SCRIPT });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

function attack(page: Page, name: string, weapons: object): Promise<unknown> {
  return page.evaluate(`${name}(${JSON.stringify(weapons)})`);
}

withChromium('a page of another site', () => {
  beforeAll(async () => {
    browser = await launchChromium(String(executablePath), [
      `--host-resolver-rules=MAP ${EVIL} 127.0.0.1, MAP ${REBOUND} 127.0.0.1`,
      // New browsers ask the user first; old ones, and people who agree, must be safe too.
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
    ]);
    site = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<!doctype html><title>evil</title>');
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    target = await startTarget();
  });
  afterAll(async () => {
    await browser.close();
    await target.stop();
    site.close();
  });

  beforeEach(() => {
    expect(target.ended()).toBeUndefined();
  });

  it('reads nothing and changes nothing, whatever it embeds, fetches, posts and connects to', async () => {
    const client = await startNormalClient(target.port);
    const before = await state();
    const page = await newPage();
    await page.goto(`http://${EVIL}:${(site.address() as AddressInfo).port}/`);
    const gateway = `http://127.0.0.1:${target.port}`;
    const found = await attack(page, 'attackFromAfar', { gateway, ...WEAPONS });
    // What a page cannot read is opaque to it: nothing but that there was an answer.
    expect(found).toEqual(['refused']);
    expect(await state()).toEqual(before);
    const { problems, served } = await client.stop();
    expect(problems).toEqual([]);
    expect(served).toBeGreaterThan(0);
    expect(target.ended()).toBeUndefined();
  });

  it('gets 403 under a name of its own that it has pointed at this machine', async () => {
    const before = await state();
    const page = await newPage();
    const origin = `http://${REBOUND}:${target.port}`;
    // As if its own server had answered before the name was pointed elsewhere.
    await page.route(`${origin}/evil`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
    );
    await page.goto(`${origin}/evil`);
    const found = await attack(page, 'attackAsSameOrigin', { ...WEAPONS, paths: PATHS.slice(1) });
    expect(found).toEqual(['refused']);
    expect(await state()).toEqual(before);
    expect(target.ended()).toBeUndefined();
  });
});
