import type { FunctionOutput } from '../emulator/index.js';
import type { Palette } from './palette.js';

/** What a function prints, line by line, with the instance in front. */
export function formatOutput(paint: Palette): (output: FunctionOutput) => string {
  return ({ instance, text }) => {
    const lines = text.replace(/\n$/, '').split('\n');
    return lines.map((line) => `${paint('dim', `#${instance} │`)} ${line}\n`).join('');
  };
}

/** The same as one line of JSON, for other programs. */
export function jsonOutput(output: FunctionOutput): string {
  return `${JSON.stringify({ type: 'output', ...output })}\n`;
}
