/**
 * - `connecting`: there is no connection; one is being opened, or waited for.
 * - `open`: messages go out. The change to a new connection before the gateway closes the old one does not
 *   show.
 * - `closed`: for good, by `close()` or because the server said so.
 */
export type ClientState = ClientStateChange['state'];

/** The state of a client that begins, with its reason. */
export type ClientStateChange =
  | {
      readonly state: 'connecting';
      /** How many attempts have failed since the last connection. */
      readonly failures: number;
      /** Why there is no connection; absent in the first attempt. */
      readonly reason?: string;
      /** When the next attempt begins, in Unix milliseconds; absent while one is under way. */
      readonly retryAt?: number;
    }
  | { readonly state: 'open' }
  | {
      readonly state: 'closed';
      /**
       * The server's code; a number from 4000 when it took its leave, a word when it refused. `CLOSED` after
       * `close()`.
       */
      readonly code: string | number;
      readonly reason: string;
    };
