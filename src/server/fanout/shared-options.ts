import * as z from 'zod/mini';
import type { Contract } from '../../model/contract.js';
import { historyOptionSchema } from '../history/histories.js';
import type { Observer } from '../../model/observer.js';
import { objectWith } from '../../base/options.js';
import type { ConnectionStore } from '../../model/store.js';
import type { Transport } from '../../model/transport.js';
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
