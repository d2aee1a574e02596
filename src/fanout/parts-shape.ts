import * as z from 'zod/mini';
import type { Contract } from '../contract.js';
import { historyOptionSchema } from '../history/histories.js';
import type { Observer } from '../observer.js';
import { objectWith } from '../options.js';
import type { ConnectionStore } from '../store.js';
import type { Transport } from '../transport.js';
import type { QueueFanout } from './dispatch.js';

/** What apps and broadcasters are made of. */
export const partsShape = () => ({
  contract: z.optional(objectWith<Contract>('a contract')),
  store: objectWith<ConnectionStore>(
    'a connection store, for example memoryStore()',
    'put',
    'list',
    'remove',
  ),
  transport: z.optional(objectWith<Transport>('a transport, for example restTransport()', 'encode', 'send')),
  history: historyOptionSchema(),
  queue: z.optional(objectWith<QueueFanout>('queueFanout({ … })', 'dispatch', 'work')),
  observe: z._default(z.array(objectWith<Observer>('an observer, for example logs()')), []),
});
