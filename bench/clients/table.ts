import type { Target } from '../target.js';
import type { Client } from './client.js';

export type ClientKind = 'ours' | 'sdk' | 'other';

/**
 * A client of the comparison. To add one, write `bench/clients/<name>.ts`, which exports `open(target)`, and
 * give it a line here.
 */
export interface ClientEntry {
  /** The file in this directory. */
  readonly name: string;
  /** At most 20 characters, so that tables fit 80 columns. */
  readonly label: string;
  readonly kind: ClientKind;
}

/** The one that ratios refer to is the first of ours. */
export const SENDERS: readonly ClientEntry[] = [
  { name: 'grpc', label: 'grpcTransport', kind: 'ours' },
  { name: 'rest', label: 'restTransport', kind: 'ours' },
  { name: 'sdk2', label: 'official SDK 2.8', kind: 'sdk' },
  { name: 'sdk3', label: 'official SDK 3.2', kind: 'sdk' },
  { name: 'promise-all-fetch', label: 'Promise.all(fetch)', kind: 'other' },
  { name: 'axios', label: 'axios, keep-alive', kind: 'other' },
  { name: 'undici-request', label: 'undici request', kind: 'other' },
  { name: 'undici-dispatch', label: 'undici dispatch', kind: 'other' },
  { name: 'node-http2', label: 'node:http2', kind: 'other' },
];

/** A whole broadcast, and what only sends. */
export const PIPELINES: readonly ClientEntry[] = [
  { name: 'broadcast', label: 'createBroadcaster', kind: 'ours' },
  { name: 'grpc', label: 'grpcTransport', kind: 'ours' },
  { name: 'sdk3', label: 'official SDK 3.2', kind: 'sdk' },
];

/** What a function pays when it starts. */
export const STARTERS: readonly ClientEntry[] = [
  { name: 'broadcast', label: 'createBroadcaster', kind: 'ours' },
  { name: 'sdk2', label: 'official SDK 2.8', kind: 'sdk' },
  { name: 'sdk3', label: 'official SDK 3.2', kind: 'sdk' },
  { name: 'promise-all-fetch', label: 'Promise.all(fetch)', kind: 'other' },
  { name: 'undici-request', label: 'undici request', kind: 'other' },
  { name: 'node-http2', label: 'node:http2', kind: 'other' },
];

/** Those that were asked for. */
export function chosen(entries: readonly ClientEntry[], names: readonly string[] | undefined): ClientEntry[] {
  return entries.filter(({ name }) => names?.includes(name) ?? true);
}

interface ClientModule {
  open(target: Target): Client;
}

export async function openClient(name: string, target: Target): Promise<Client> {
  const { open } = (await import(new URL(`${name}.js`, import.meta.url).href)) as ClientModule;
  return open(target);
}
