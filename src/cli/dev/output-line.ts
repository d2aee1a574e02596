import type { FunctionOutput } from '../../emulator/index.js';
import type { Palette } from '../terminal/palette.js';
import { formatStructuredLine, parseStructuredLine } from './structured-line.js';

/**
 * What a function prints, line by line, with the instance in front. Lines of structured logs are shown as
 * people read them, within the terminal's width; `columns` is `Infinity` where there is none.
 */
export function formatOutput(paint: Palette, columns: () => number): (output: FunctionOutput) => string {
  return ({ instance, text }) => {
    const prefix = `#${instance} │ `;
    const line = (plain: string): string => {
      const structured = parseStructuredLine(plain);
      return structured === undefined
        ? plain
        : formatStructuredLine(paint, structured, columns() - prefix.length);
    };
    const lines = text
      .replace(/\n$/, '')
      .split('\n')
      .flatMap((plain) => line(plain).split('\n'));
    return lines.map((shown) => `${paint('dim', prefix.trimEnd())} ${shown}\n`).join('');
  };
}

/** The same as one line of JSON, for other programs. */
export function jsonOutput(output: FunctionOutput): string {
  return `${JSON.stringify({ type: 'output', ...output })}\n`;
}
