import { BroadcastError } from '../../base/errors.js';

/** Says whether the time of a call is over; its caller has gone then. */
export type IsOver = () => boolean;

/**
 * Rejects with `STORE_UNAVAILABLE` when `work` takes longer than `timeoutMs`. What comes of it then is
 * ignored.
 */
export async function withinTime<T>(timeoutMs: number, work: (isOver: IsOver) => Promise<T>): Promise<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      isOver = true;
      reject(new BroadcastError('STORE_UNAVAILABLE', `PostgreSQL did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(() => isOver), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
