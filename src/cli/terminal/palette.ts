import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

/** Colours text, or leaves it alone where nobody would see them. */
export type Palette = (style: Style, text: string) => string;

/** Colours for a terminal; none for pipes and files, or when NO_COLOR is set (see no-color.org). */
export function paletteFor(stream: { readonly isTTY?: boolean }): Palette {
  const hasColours = stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  return hasColours ? (style, text) => styleText(style, text) : (_style, text) => text;
}
