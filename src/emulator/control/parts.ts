import type { Broadcasts } from '../library/broadcasts.js';
import type { Clock } from '../clock.js';
import type { ConnectionLimits } from '../sockets/connections.js';
import type { Faults } from '../faults/table.js';
import type { Gateway } from '../sockets/gateway.js';
import type { Instances } from '../instances/controls.js';
import type { MessageQueues } from '../queue/message-queues.js';
import type { KnownRooms } from '../library/rooms.js';
import type { Route } from '../routing/routes.js';
import type { Timeline } from '../timeline/timeline.js';

/** What of the gateway the control API shows and drives. */
export interface ControlApiDeps {
  readonly gateway: Gateway;
  readonly timeline: Timeline;
  readonly rooms: KnownRooms;
  readonly broadcasts: Broadcasts;
  readonly messageQueues: Pick<MessageQueues, 'all' | 'triggers'>;
  readonly instances: Instances;
  readonly faults: Faults;
  readonly routes: readonly Route[];
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  /** Moves the manual clock; `undefined` when the clock is the machine's. */
  readonly advance: ((duration: number | string) => Promise<void>) | undefined;
}
