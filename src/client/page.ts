/** For pages without a build step: the client and what stands beside it, as one module. */
export * from './index.js';
export * from './native.js';
export * from './presence.js';
export * from './state.js';
