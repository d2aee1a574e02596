import type { Contract } from '../model/contract.js';
import type { CoreClient } from './client.js';
import { settingsOf, type ConnectOptions } from './options.js';
import { createSession } from './connection/session.js';
import { startClient } from './connection/start-client.js';

export { RequestError } from './requests/request-error.js';
export type { CoreClient, RequestOptions, MessageOptions } from './client.js';
export type { ConnectOptions } from './options.js';

/**
 * `connect` without rooms, for pages that only send, ask and listen: about a third smaller. Everything else
 * is as in `yc-broadcast/client`.
 *
 * @example
 * const client = connect<typeof alerts>({ url: 'wss://alerts.example/ws' });
 * client.on('alert', ({ title }) => notify(title));
 */
export function connect<K extends Contract = Contract>(options: ConnectOptions<K>): CoreClient<K> {
  return startClient<K>(createSession(settingsOf(options), () => undefined));
}
