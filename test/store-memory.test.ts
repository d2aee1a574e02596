import { describe, it } from '@jest/globals';
import { memoryStore } from 'yc-broadcast/stores/memory';
import { storeContract } from 'yc-broadcast/testing';

/** Instances share no memory, which is why this store is for one instance only. */
const cases = storeContract({ open: ({ now }) => memoryStore({ now }), lacks: ['sharing'] });

describe('memoryStore', () => {
  it.each(cases.filter(({ skip }) => !skip))('$name', ({ run }) => run());
});
