import * as React from 'react';
import { connect } from 'yc-broadcast/client';
import { createClientHooks } from 'yc-broadcast/client/react';
import type { wall } from '../contract.js';

/** Made once for the page; components come and go. */
export const client = connect<typeof wall>({ url: address, resend: ['pin', 'notes'] });

export const { useClientState, useRoom, usePresence } = createClientHooks(React);

/** Who this page is, for as long as the tab is there: two tabs are two people, which is handy for trying it out. */
function address(): string {
  const key = sessionStorage.getItem('key') ?? crypto.randomUUID();
  const name = sessionStorage.getItem('name') ?? pick(['Ada', 'Boris', 'Clara', 'Dmitry', 'Elif', 'Farid']);
  sessionStorage.setItem('key', key);
  sessionStorage.setItem('name', name);
  const { host, protocol } = location;
  return `${protocol.replace('http', 'ws')}//${host}/ws?${new URLSearchParams({ key, name }).toString()}`;
}

function pick<T>(among: readonly [T, ...T[]]): T {
  return among[Math.floor(Math.random() * among.length)] ?? among[0];
}
