import type { InstanceInfo } from '../instances/controls.js';
import type { Endpoint } from './endpoint.js';

export const listInstances: Endpoint = {
  method: 'GET',
  path: 'instances',
  run: ({ instances }): { readonly instances: readonly InstanceInfo[] } => ({ instances: instances.list() }),
};

/** Ends one at once, as a crash would. */
export const killInstance: Endpoint = {
  method: 'DELETE',
  path: 'instances/{id}',
  run({ instances }, { id }) {
    instances.kill(Number(id));
  },
};

/** Starts all functions afresh. */
export const restartInstances: Endpoint = {
  method: 'POST',
  path: 'restart',
  run: ({ instances }) => instances.restart(),
};
