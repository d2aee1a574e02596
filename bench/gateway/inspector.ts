import { setTimeout as delay } from 'node:timers/promises';
import type { HostAddress } from './host.js';

/** What the page asks for every second while it is open. */
const LOOK = ['status', 'timeline?limit=500', 'connections?limit=100&sort=newest'];
const EVERY_MS = 1000;

/** Asks what an open page asks for, so many times. Returns how long each answer took, in milliseconds. */
export async function watchAsPage(host: HostAddress, looks: number): Promise<number[]> {
  const times: number[] = [];
  for (let look = 0; look < looks; look++) {
    const startedAt = performance.now();
    for (const path of LOOK) {
      const askedAt = performance.now();
      await ask(host, path);
      times.push(performance.now() - askedAt);
    }
    await delay(Math.max(0, EVERY_MS - (performance.now() - startedAt)));
  }
  return times;
}

/** The sockets that the gateway has seen the latest broadcast written to. */
export async function socketsSeen(host: HostAddress): Promise<number> {
  const { broadcasts } = (await ask(host, 'broadcasts')) as { broadcasts: { seen: { sockets: number } }[] };
  return broadcasts[0]?.seen.sockets ?? 0;
}

async function ask({ url, token }: HostAddress, path: string): Promise<unknown> {
  const headers = { 'X-Yc-Broadcast-Token': token };
  const response = await fetch(`${url}/_yc-broadcast/api/${path}`, { headers });
  if (!response.ok) throw new Error(`the gateway answered ${response.status} to ${path}`);
  return response.json();
}
