import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, start } from './processes.js';
import { REST_BODY, REST_HEADERS, connectionId, restPath } from './target.js';

export interface H2loadPlan {
  readonly port: number;
  readonly window: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Where the request's body may be written to a file. */
  readonly directory: string;
}

/** In less time it may see no answer at all. */
const LEAST_MS = 400;

export const hasH2load = isInstalled('h2load');

/**
 * Requests per second of a load generator written in C, on one connection: the practical limit of server and
 * core.
 */
export async function measureH2load(plan: H2loadPlan): Promise<number> {
  const body = join(plan.directory, 'h2load-body.json');
  await writeFile(body, REST_BODY);
  const headers = Object.entries(REST_HEADERS).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = [
    ...['-c', '1', '-m', String(plan.window), '-d', body, ...headers],
    ...[`--warm-up-time=${duration(plan.warmUpMs)}`, '-D', duration(plan.measureMs)],
    `https://localhost:${plan.port}${restPath(connectionId(0))}`,
  ];
  const child = start('client', 'h2load', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const rate = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(text)?.[1]);
  if (!(rate > 0)) throw new Error(`h2load measured nothing: ${text.slice(-500)}`);
  return rate;
}

function duration(ms: number): string {
  return `${Math.max(ms, LEAST_MS)}ms`;
}
