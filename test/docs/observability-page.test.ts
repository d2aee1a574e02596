/**
 * docs/observability.md and the dashboard speak of what there is: every metric, span and attribute by the
 * name that it has in the code, and in OpenTelemetry's conventions. `UPDATE_PAGES=1` writes the tables of the
 * page.
 */
import { SpanKind } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createApp, defineContract } from 'yc-broadcast';
import { logs } from 'yc-broadcast/logs';
import { openTelemetry } from 'yc-broadcast/opentelemetry';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';
import { left, markdown } from '../../bench/table.js';
import {
  ATTRIBUTES,
  METRICS,
  OWN_ATTRIBUTES,
  SPANS,
  type MetricDescription,
} from '../../src/observe/telemetry/names.js';
import { connectEvent, disconnectEvent, functionContext, messageEvent } from '../support/events.js';
import { scriptedTransport } from '../support/scripted-transport.js';
import { startTelemetry, type Telemetry } from '../support/telemetry.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pageFile = `${root}docs/observability.md`;
const metrics: readonly MetricDescription[] = Object.values(METRICS);

const code = (name: string): string => `\`${name}\``;
const codes = (names: readonly string[]): string => names.map(code).join(', ');

const TABLES = {
  spans: markdown({
    columns: [left('span'), left('kind'), left('under'), left('attributes')],
    rows: Object.values(SPANS).map(({ name, kind, parent, attributes }) => [
      code(name),
      kind,
      parent,
      codes(attributes),
    ]),
  }),
  metrics: markdown({
    columns: [left('metric'), left('what'), left('unit'), left('attributes')],
    rows: metrics.map(({ name, kind, unit, description, attributes }) => [
      code(name),
      `${kind}: ${description}`,
      code(unit),
      codes(attributes),
    ]),
  }),
};

/** The page with a table between its markers. */
function withTable(page: string, name: keyof typeof TABLES): string {
  const between = new RegExp(`(<!-- ${name}:begin[^>]*-->)[\\s\\S]*?(<!-- ${name}:end -->)`);
  return page.replace(between, (_all, begin: string, end: string) => `${begin}\n\n${TABLES[name]}\n\n${end}`);
}

describe('the tables of docs/observability.md', () => {
  it.each(['spans', 'metrics'] as const)('show the %s that there are', (name) => {
    const page = readFileSync(pageFile, 'utf8');
    if (process.env['UPDATE_PAGES'] === '1') writeFileSync(pageFile, withTable(page, name));
    else expect(withTable(page, name)).toBe(page);
  });
});

describe('names', () => {
  const conventions = [
    'stable_attributes',
    'experimental_attributes',
    'stable_metrics',
    'experimental_metrics',
  ]
    .map((file) =>
      readFileSync(`${root}node_modules/@opentelemetry/semantic-conventions/dist/${file}.d.mts`, 'utf8'),
    )
    .join('\n');

  /** What the published conventions say of a name; nothing when they have none such. */
  function entryOf(name: string): string {
    const at = conventions.indexOf(`"${name}"`);
    return at === -1 ? '' : conventions.slice(conventions.lastIndexOf('/**', at), at);
  }

  it.each([
    ...Object.values(ATTRIBUTES),
    ...metrics.map(({ name }) => name).filter((name) => !name.startsWith('yc_broadcast.')),
  ])('%s is one of the conventions, and not a deprecated one', (name) => {
    expect(entryOf(name)).not.toBe('');
    expect(entryOf(name)).not.toContain('@deprecated');
  });

  it('of ours begin with yc_broadcast, and a deprecated one would be found', () => {
    expect(Object.values(OWN_ATTRIBUTES).filter((name) => !name.startsWith('yc_broadcast.'))).toEqual([]);
    expect(entryOf('messaging.system')).toContain('@deprecated');
    expect(entryOf('messaging.nothing')).toBe('');
  });
});

describe('what an eventful life gives', () => {
  let telemetry: Telemetry;
  const lines: Record<string, unknown>[] = [];
  beforeAll(async () => {
    telemetry = startTelemetry();
    await liveEventfully(telemetry, lines);
  });
  afterAll(() => telemetry.shutdown());

  it('are all metrics of the table and no other, with no other attributes', async () => {
    const points = await telemetry.points();
    expect([...points.keys()].sort()).toEqual(metrics.map(({ name }) => name).sort());
    for (const { name, attributes } of metrics) {
      const found = new Set((points.get(name) ?? []).flatMap((point) => Object.keys(point.attributes)));
      expect([name, [...found].sort()]).toEqual([name, [...attributes].sort()]);
    }
  });

  it('are all spans of the table, with all of their attributes and no other', () => {
    const kinds = { SERVER: SpanKind.SERVER, CLIENT: SpanKind.CLIENT, INTERNAL: SpanKind.INTERNAL };
    for (const { name, kind, attributes } of Object.values(SPANS)) {
      const own = telemetry
        .spans()
        .filter(
          (span) =>
            span.kind === kinds[kind] && (kind !== 'CLIENT' || `{${marked(span.attributes)}}` === name),
        );
      const found = new Set(own.flatMap((span) => Object.keys(span.attributes)));
      expect([name, [...found].sort()]).toEqual([name, [...attributes].sort()]);
    }
  });

  it('are lines of logs as the page shows them', () => {
    const block = /```json\n([\s\S]*?)```/.exec(readFileSync(pageFile, 'utf8'))?.[1] ?? '';
    const shown = block
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(shown.map(({ line }) => line)).toEqual(['invocation', 'broadcast', 'error']);
    for (const sample of shown) {
      const keys = Object.keys(sample).join();
      expect(lines.map((line) => Object.keys(line).join())).toContain(keys);
    }
  });
});

/** Which of two kinds of client spans it is. */
function marked(attributes: object): string {
  return 'db.operation.name' in attributes ? 'db.operation.name' : 'messaging.operation.name';
}

/** Everything that can happen to a connection, a message and a broadcast. */
async function liveEventfully(telemetry: Telemetry, lines: object[]): Promise<void> {
  const log = logs({ write: (line) => lines.push(JSON.parse(line) as object) });
  const { tracerProvider, meterProvider } = telemetry;
  const contract = defineContract({
    client: { say: z.object({ text: z.string() }) },
    server: { said: z.object({ text: z.string() }) },
  });
  const memory = memoryStore();
  const app = createApp({
    contract,
    store: { ...memory, count: () => Promise.reject(new Error('no')) },
    transport: scriptedTransport((id, attempt) => {
      if (id === 'b') return attempt === 1 ? 'RATE_LIMITED' : 'FORBIDDEN';
      return id === 'c' ? 'CONNECTION_STALE' : 'ok';
    }),
    origins: 'any',
    authenticate: ({ connectionId }) => ({ user: `u-${connectionId}` }),
    broadcast: { minDelayMs: 0, maxDelayMs: 0 },
    observe: [openTelemetry({ tracerProvider, meterProvider, sendSpans: 'all' }), log],
    onError: log.onError,
  });
  app.onConnect(({ join }) => join('lobby'));
  app.on('say', async ({ data, to, toUser, toConnection, connection }) => {
    await to('lobby').send('said', data);
    await toUser('nobody').send('said', data);
    await toConnection('c').send('said', data);
    await connection.disconnect();
    if (data.text === 'break') throw new TypeError('broken');
  });
  const context = functionContext();
  for (const connectionId of ['a', 'b', 'c'])
    await app.handler(connectEvent({ connectionId, connectedAt: Date.now() }), context);
  for (const text of ['hello', 'break'])
    await app.handler(messageEvent({ type: 'say', data: { text } }, { connectionId: 'a' }), context);
  await app.handler(disconnectEvent({ connectionId: 'a', code: 1006 }), context);
  const stop = new AbortController();
  const stopping = (): boolean => {
    stop.abort();
    return true;
  };
  const { signal } = stop;
  await app.broadcaster.to('lobby').where(stopping).send('said', { text: 'late' }, { signal });
  await app.broadcaster
    .to('lobby')
    .forecast('said', { text: '' })
    .catch(() => undefined);
  await app.broadcaster
    .to('lobby')
    .sendRaw('x'.repeat(1_000_000))
    .catch(() => undefined);
}

describe('deploy/observe/grafana.json', () => {
  interface Panel {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }
  const dashboard = JSON.parse(readFileSync(`${root}deploy/observe/grafana.json`, 'utf8')) as {
    panels: readonly Panel[];
  };
  const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr })),
  );

  /** The names that OpenTelemetry's rules for Prometheus make of a metric. */
  function seriesOf({ name, kind, unit }: MetricDescription): readonly string[] {
    const base = name.replaceAll('.', '_');
    const suffix = { s: '_seconds', By: '_bytes' }[unit] ?? '';
    return kind === 'counter'
      ? [`${base}${suffix}_total`]
      : ['_bucket', '_count', '_sum'].map((end) => `${base}${suffix}${end}`);
  }

  it('asks for every metric, and for no other', () => {
    const asked = new Set(
      expressions.flatMap(({ expr }) =>
        [...expr.matchAll(/[a-z_]+_(?:total|bucket|count|sum)\b/g)].map(([name]) => name),
      ),
    );
    const known = metrics.map((metric) => ({ name: metric.name, series: seriesOf(metric) }));
    expect([...asked].filter((name) => !known.some(({ series }) => series.includes(name)))).toEqual([]);
    expect(
      known.filter(({ series }) => !series.some((name) => asked.has(name))).map(({ name }) => name),
    ).toEqual([]);
  });

  it.each(expressions)('$title: asks for attributes that the metric has: $expr', ({ expr }) => {
    const metric = metrics.find((one) => seriesOf(one).some((name) => expr.includes(name)));
    const labels = [...(metric?.attributes ?? []), 'le'].map((name) => name.replaceAll('.', '_'));
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */));
    const filtered = [...expr.matchAll(/[{,]\s*(\w+)\s*[=!]/g)].map(([, label = '']) => label);
    expect([...grouped, ...filtered].filter((label) => !labels.includes(label))).toEqual([]);
  });
});
