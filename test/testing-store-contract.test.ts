import { describe, it } from '@jest/globals';
import { storeContract } from 'yc-broadcast/testing';
import { sharedMemory } from './support/shared-memory.js';

describe('storeContract', () => {
  it.each(storeContract(sharedMemory()))('a store that keeps every rule: $name', ({ run }) => run());
});
