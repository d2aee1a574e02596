/**
 * For tests of others:
 *
 *   kit/                 createTestKit(): users' own handlers, in memory
 *   store-contract.ts    the rules of a store, in store-rules/
 *   transport-contract.ts  the rules of a transport, in transport-rules/
 *   emulator-backend.ts  the local gateway behind a transport
 */
export type { StoreBackend, StoreFeature, StoreInstance } from './store-backend.js';
export { storeContract } from './store-contract.js';
export type { StoreCase } from './store-contract.js';
export { againstEmulator } from './emulator-backend.js';
export type { EmulatorAccess, EmulatorBackendOptions } from './emulator-backend.js';
export type {
  ContractSocket,
  TransportBackend,
  TransportFeature,
  TransportWorld,
} from './transport-backend.js';
export { transportContract } from './transport-contract.js';
export type { TransportCase } from './transport-contract.js';
export { createTestKit } from './kit/test-kit.js';
export type {
  KitAnswer,
  KitRequest,
  KitWorld,
  TestConnectOptions,
  TestKit,
  TestKitOptions,
} from './kit/kit-api.js';
export type { KitFrame } from './kit/inbox.js';
export type { KitRefusal } from './kit/kit-gateway.js';
export type { AsymmetricMatcher, PatternOf } from './kit/pattern.js';
export type { TestConnection } from './kit/test-connection.js';
