import type { DeliveryReport } from '../../model/report.js';
import type { StateDeps } from './states.js';

interface Everybody {
  except(...connectionIds: readonly string[]): { sendRaw(text: string): Promise<DeliveryReport> };
}

/** Tells everybody in a room what has changed, by a broadcaster's `to`. */
export function announceBy(to: (room: string) => Everybody): StateDeps['announce'] {
  return (room, text, exceptId) =>
    to(room)
      .except(...(exceptId === undefined ? [] : [exceptId]))
      .sendRaw(text);
}
