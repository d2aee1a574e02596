/**
 * The shipped code that the model of rooms' state runs, as it is or with one safeguard taken out of its
 * source.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BroadcastError, createApp, defineContract } from 'yc-broadcast';
import { connect } from 'yc-broadcast/client';
import { watchState } from 'yc-broadcast/client/state';
import { roomState } from 'yc-broadcast/state';
import { memoryStore } from 'yc-broadcast/stores/memory';
import * as z from 'zod';

export const contract = defineContract({ client: {}, server: {}, state: { board: { value: z.string() } } });
export const ROOM = 'r';

export const shipped = { BroadcastError, createApp, connect, watchState, roomState, memoryStore };
export type Parts = typeof shipped;

/** Lines of a source file, and what stands in their place. */
export interface Mutant {
  readonly file: string;
  readonly changes: readonly (readonly [from: string, to: string])[];
}

const src = fileURLToPath(new URL('../../../src', import.meta.url));

const ENTRY = `
export { BroadcastError, createApp } from './index.ts';
export { connect } from './client/index.ts';
export { watchState } from './client/state.ts';
export { roomState } from './server/state/index.ts';
export { memoryStore } from './stores/memory.ts';
`;

export async function mutated({ file, changes }: Mutant): Promise<Parts> {
  const path = `${src}/${file}`;
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} has no '${from}'`);
    text = text.replace(from, () => to);
  }
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: src, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, (one) =>
            one.path === path ? { contents: text, loader: 'ts' } : undefined,
          );
        },
      },
    ],
  });
  const code = outputFiles[0]?.text ?? '';
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Parts;
}
