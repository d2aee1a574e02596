/** The local gateway in a process of its own, with an app that puts everybody into one room. */
import { createApp, createBroadcaster } from 'yc-broadcast';
import { startEmulator } from 'yc-broadcast/emulator';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { restTransport } from 'yc-broadcast/transports/rest';
import { say } from '../processes.js';

/** What the host says first. */
export interface HostAddress {
  readonly url: string;
  readonly token: string;
}

/** What it has used since its start. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

export interface HostReport {
  readonly recipients: number;
  readonly delivered: number;
  readonly durationMs: number;
}

export type HostQuestion = 'usage' | 'broadcast';

const store = memoryStore();
const app = createApp({ store, origins: 'any' });
app.onConnect(({ join }) => join('everybody'));
const emulator = await startEmulator({ routes: { '/ws': app.handler } });
const transport = restTransport({ endpoint: emulator.endpoint, token: 'local' });
const broadcaster = createBroadcaster({ store, transport });

async function answer(question: HostQuestion): Promise<Usage | HostReport> {
  if (question === 'usage') {
    const { user, system } = process.cpuUsage();
    return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
  }
  const report = await broadcaster.to('everybody').send('news', { text: 'x'.repeat(150) });
  if (report.kind !== 'sent') throw new Error('there is no queue that it could go through');
  const { recipients, delivered, durationMs } = report;
  return { recipients, delivered, durationMs };
}

process.on('message', ({ question }: { readonly question: HostQuestion }) => {
  void answer(question).then(say);
});
await say({ url: emulator.url, token: emulator.inspector.token } satisfies HostAddress);
