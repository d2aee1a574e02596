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
