/**
 * Spreads broadcasts over workers by a queue: what `queueFanout()` of `yc-broadcast/queue` returns. What else
 * is in it is between the packages' own modules.
 */
export interface QueueFanout {
  readonly kind: 'queue-fanout';
}
