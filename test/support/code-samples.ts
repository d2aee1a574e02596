/** The TypeScript samples of a Markdown file, as programs that the compiler can check. */
import { readFileSync } from 'node:fs';

export interface CodeSample {
  /** File and line, for messages. */
  readonly where: string;
  /**
   * What its first line calls it (`// chat.ts`), so that the page's other samples can import it; else a name
   * made up.
   */
  readonly file: string;
  readonly code: string;
}

/**
 * A sample may lean on things that would only distract its readers. They stand in a comment right before it,
 * which begins with `<!-- given`, and are compiled along with it.
 */
const SAMPLE = /(?:<!-- given\n(?<given>[\s\S]*?)-->\n+)?^```ts\n(?<code>[\s\S]*?)^```/gm;

export function samplesOf(file: string): CodeSample[] {
  const markdown = readFileSync(file, 'utf8');
  return [...markdown.matchAll(SAMPLE)].map((match, index) => {
    const { given = '', code = '' } = match.groups ?? {};
    const line = markdown.slice(0, match.index).split('\n').length;
    const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `sample-${index}.ts`;
    return { where: `${file}:${line}`, file: name, code: `${given}${code}export {};\n` };
  });
}

/** A block of a Markdown file in any language, by what it begins with. */
export function blockOf(file: string, beginning: string): string {
  const [, block] = readFileSync(file, 'utf8').split(`\n${beginning}`, 2);
  if (block === undefined) throw new Error(`${file} has no block that begins with ${beginning}`);
  return beginning + block.slice(0, block.indexOf('\n```'));
}
