import type { Readable } from 'node:stream';

const KEPT_CHARACTERS = 4000;

/** Reads what `dev --format json` prints: the ports from its first line, and of the rest only the end. */
export function readyLine(...streams: readonly Readable[]): {
  readonly ready: Promise<{ port: number; tlsPort: number }>;
  last(): string;
} {
  let text = '';
  const ready = new Promise<{ port: number; tlsPort: number }>((resolve, reject) => {
    let isReady = false;
    for (const stream of streams) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text = (text + chunk).slice(-KEPT_CHARACTERS);
        const line = isReady ? undefined : /^\{"type":"ready".*$/m.exec(text)?.[0];
        if (line === undefined) return;
        isReady = true;
        const { url, tls } = JSON.parse(line) as { url: string; tls: string };
        resolve({ port: Number(new URL(url).port), tlsPort: Number(new URL(tls).port) });
      });
      stream.on('end', () => {
        reject(new Error(`dev ended before it was ready:\n${text}`));
      });
    }
  });
  return { ready, last: () => text };
}
