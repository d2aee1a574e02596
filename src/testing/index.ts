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
