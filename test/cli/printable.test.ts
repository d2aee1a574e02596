/** What other people wrote reaches the terminal without control characters. */
import { describe, expect, it } from '@jest/globals';
import { formatEntry } from '../../src/cli/terminal/event-line.js';
import { printable } from '../../src/cli/terminal/printable.js';

const plain = (_style: string, text: string): string => text;

describe('text for a terminal', () => {
  it('has no escapes, whatever a room or a close reason says', () => {
    const line = formatEntry(plain)({
      at: 0,
      type: 'close',
      connectionId: 'abcd\u001b[2J',
      reason: 'bye \u001b]0;owned\u0007 \u009b31m \u202e',
    } as never);
    expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(line).toContain('bye \\x1b]0;owned\\x07 \\x9b31m \\u202e');
  });

  it('keeps line breaks, tabs and all other characters', () => {
    expect(printable('a\n\tб 🙂')).toBe('a\n\tб 🙂');
  });
});
