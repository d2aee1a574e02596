/**
 * Text from clients and functions, for a terminal: control characters as `\x1b`, so that a room's name or a
 * close reason cannot move the cursor, change the title or hide what was printed before. Line breaks and tabs
 * stay.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}
