/** The TypeScript samples of a Markdown file, as programs that the compiler can check. */
import { readFileSync } from 'node:fs';

export interface CodeSample {
  /** File and line, for messages. */
  readonly where: string;
  readonly code: string;
}

/**
 * A sample may lean on things that would only distract its readers. They stand in a comment right before it, which
 * begins with `<!-- given`, and are compiled along with it.
 */
const SAMPLE = /(?:<!-- given\n(?<given>[\s\S]*?)-->\n+)?^```ts\n(?<code>[\s\S]*?)^```/gm;

export function samplesOf(file: string): CodeSample[] {
  const markdown = readFileSync(file, 'utf8');
  return [...markdown.matchAll(SAMPLE)].map((match) => {
    const { given = '', code = '' } = match.groups ?? {};
    const line = markdown.slice(0, match.index).split('\n').length;
    return { where: `${file}:${line}`, code: `${given}${code}export {};\n` };
  });
}
