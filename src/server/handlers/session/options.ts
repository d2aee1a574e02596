import * as z from 'zod/mini';
import { functionOption, lazily, objectWith } from '../../../base/options.js';
import type { IdentifiedConnection, Identity } from '../../../model/connection.js';
import { sharedRoomsShape, type SharedRoomsOptions } from '../../shared-options.js';
import type { RoomPresence } from '../../presence/presence.js';

/**
 * What rooms keep and show, and what clients may do with them by themselves, without a handler of the app's.
 */
export interface RoomsOptions<I extends Identity = Identity> extends SharedRoomsOptions {
  /**
   * Rooms that clients may join and leave by themselves, with `$join` or in their `$hello`: all, or those for
   * which the function returns true. `authorize` is asked as well, each time. Names that begin with `$` are
   * never open. Default: none, and a client that tries gets `FORBIDDEN`.
   */
  readonly join?: true | ((room: string) => boolean) | undefined;
  /**
   * What a client gets with a room, if it asks for it (`load` of `join`): anything that JSON can carry, from
   * wherever the app keeps it. Write there before you send: then whatever the loaded state lacks is sent
   * behind it. One that fails or takes more than 3 seconds is reported, and the client asks again.
   */
  readonly load?:
    | ((request: { readonly room: string; readonly connection: IdentifiedConnection<I> }) => unknown)
    | undefined;
  /** Shows who is in a room; made by `presence()`. Needs a store with histories. Default: nobody is shown. */
  readonly presence?: RoomPresence | undefined;
}

export const roomsSchema = lazily(() =>
  z._default(
    z.strictObject({
      ...sharedRoomsShape(),
      join: z.optional(
        z.union([z.literal(true), functionOption<(room: string) => boolean>()], {
          error: 'expected true or a function of the room',
        }),
      ),
      load: z.optional(functionOption<NonNullable<RoomsOptions['load']>>()),
      presence: z.optional(objectWith<RoomPresence>('presence()', 'watch')),
    }),
    {},
  ),
);
