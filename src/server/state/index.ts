/** The state of rooms, published as `yc-broadcast/state`. */
export { roomState } from './room-state.js';
export type { RoomStateOption } from './open-state.js';
export type { RoomStateOptions, StateWriteOptions } from './room-state-options.js';
