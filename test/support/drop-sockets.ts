import type { Emulator } from 'yc-broadcast/emulator';

/**
 * Resets the TCP connections of sockets, without a close frame: what `yc-broadcast kick <id> --drop` does.
 */
export async function dropSockets({ inspector, url }: Emulator, ids: readonly string[]): Promise<void> {
  for (const to of ids) {
    const { ok, status } = await fetch(`${url}/_yc-broadcast/api/drop`, {
      method: 'POST',
      headers: { 'X-Yc-Broadcast-Token': inspector.token },
      body: JSON.stringify({ to }),
    });
    if (!ok) throw new Error(`${to} was not dropped: ${status}`);
  }
}
