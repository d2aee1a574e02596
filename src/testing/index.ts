export type { StoreBackend, StoreFeature, StoreInstance } from './store-backend.js';
export { storeContract } from './store-contract.js';
export type { StoreCase } from './store-contract.js';
