/** The worked example of docs/quotas.md. */
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { withQuotas } from '../../bench/figures.js';
import { needOfChat } from '../../bench/quota.js';

describe('the quotas of a chat', () => {
  it('are what its busiest minute takes', () => {
    // 30 messages a second at the peak, 100 ms each: 3 calls at a time, which one instance works on.
    expect(needOfChat(600)).toEqual({
      messagesPerSecond: 30,
      callsUnderWay: 3,
      instances: 1,
      ydbRuPerSecond: 93,
    });
    expect(needOfChat(2400)).toMatchObject({ callsUnderWay: 12, instances: 3 });
  });

  it('are what the page on quotas says, with what exceeds them in bold', async () => {
    const page = await readFile(new URL('../../docs/quotas.md', import.meta.url), 'utf8');
    expect(withQuotas(page)).toBe(page);
    expect(page).toMatch(/calls under way, a zone \|\s+10 \|\s+5 \|\s+\*\*50\*\* \|/);
  });
});
