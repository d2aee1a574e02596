import type { Broadcasts } from '../broadcasts.js';
import type { Clock } from '../clock.js';
import type { ConnectionLimits } from '../connections.js';
import type { Faults } from '../faults/table.js';
import type { Gateway } from '../gateway.js';
import type { Instances } from '../instances/controls.js';
import type { Rooms } from '../rooms.js';
import type { Route } from '../routes.js';
import type { Timeline } from '../timeline.js';

/** What of the gateway the control API shows and drives. */
export interface ControlParts {
  readonly gateway: Gateway;
  readonly timeline: Timeline;
  readonly rooms: Rooms;
  readonly broadcasts: Broadcasts;
  readonly instances: Instances;
  readonly faults: Faults;
  readonly routes: readonly Route[];
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  /** Moves the manual clock; `undefined` when the clock is the machine's. */
  readonly advance: ((duration: number | string) => Promise<void>) | undefined;
}
