import type { InstanceEnvironment } from './hosted-function.js';

/** How code in an instance finds this gateway. What the user has set already stays. */
export function localEnvironment(port: number): InstanceEnvironment {
  return {
    env: {
      YC_BROADCAST_ENDPOINT: `http://127.0.0.1:${port}`,
      YC_BROADCAST_LOCAL_ORIGINS: `http://localhost:${port},http://127.0.0.1:${port}`,
    },
    preload: [],
  };
}
