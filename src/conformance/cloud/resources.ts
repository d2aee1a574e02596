/** What a deploy of the suite consists of, and how it is found again: by labels, never by name alone. */

export const NAME = 'yc-broadcast-conformance';
export const SHARED_NAME = `${NAME}-shared`;
/** Exists for as long as one call takes. */
export const LOCKLESS_NAME = `${NAME}-lockless`;

export const LABELS = { 'managed-by': 'yc-broadcast', kind: 'conformance' };

export const DESCRIPTION =
  'Made by `yc-broadcast conformance deploy`, goes with `yc-broadcast conformance remove`';

/** Names of the queues. */
export const QUEUES = { work: `${NAME}-work`, live: `${NAME}-live` };

/**
 * Of the account that runs the functions and calls them. Its static key makes and deletes the queues, and
 * exists for no longer than that takes.
 */
export const ROLES = ['functions.functionInvoker', 'api-gateway.websocketBroadcaster', 'ymq.admin'] as const;
