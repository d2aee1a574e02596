import * as React from 'react';
import { connect } from 'yc-broadcast/client';
import { createClientHooks } from 'yc-broadcast/client/react';
import type { wall } from '../contract.js';

/**
 * Who this page is, for as long as the tab is there: two tabs are two people, which is handy for trying it
 * out.
 */
const key = remembered('key', () => crypto.getRandomValues(new Uint32Array(4)).join('-'));
const name = remembered('name', () => pick(['Ada', 'Boris', 'Clara', 'Dmitry', 'Elif', 'Farid']));

/**
 * Made once for the page; components come and go. The key is no part of the address: those end up in logs.
 */
export const client = connect<typeof wall>({
  url: address,
  protocols: ['wall', `key.${key}`],
  resend: ['pin', 'notes'],
});

export const { useClientState, useRoom, usePresence } = createClientHooks(React);

function address(): string {
  const { host, protocol } = location;
  return `${protocol.replace('http', 'ws')}//${host}/ws?${new URLSearchParams({ name }).toString()}`;
}

/** Where storage is switched off, looking at it throws: then a reload is somebody else. */
function remembered(what: string, create: () => string): string {
  const created = create();
  try {
    const value = sessionStorage.getItem(what) ?? created;
    sessionStorage.setItem(what, value);
    return value;
  } catch {
    return created;
  }
}

function pick<T>(among: readonly [T, ...T[]]): T {
  return among[Math.floor(Math.random() * among.length)] ?? among[0];
}
