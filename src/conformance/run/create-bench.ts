import { randomUUID } from 'node:crypto';
import { BroadcastError } from '../../base/errors.js';
import { parseJson } from '../../base/json.js';
import type { Bench, OpenOptions } from '../bench.js';
import { HANDSHAKE_HEADER } from '../probe/event.js';
import type { ProbeCommand, ProbeEnvelope } from '../probe/command.js';
import type { Sighting } from '../probe/sighting.js';
import { callHttp } from '../wire/http.js';
import type { ManagementClient } from '../wire/management.js';
import { openRawSocket, type RawSocket } from '../wire/raw-socket.js';

/** What is particular to a target. */
export interface BenchTarget extends Pick<
  Bench,
  'timeoutMs' | 'quietMs' | 'answerMs' | 'rest' | 'grpc' | 'publish' | 'foreignId' | 'pass'
> {
  /** `ws://host:port` or `wss://host`. */
  readonly origin: string;
  /** The key that the probe function asks for. */
  readonly key: string;
  /** PEM of the authorities to trust instead of the well-known ones. */
  readonly ca?: string | undefined;
}

export interface RunningBench extends Bench {
  close(): void;
}

/** Keeps the observer from falling silent; free of charge. */
const PING_MS = 60_000;

/** Rejects when the probe function is not behind the address. */
export async function createBench(target: BenchTarget): Promise<RunningBench> {
  const { origin, key, ca, rest, grpc, answerMs } = target;
  const observer = await openObserver(target);
  const sockets = new Set<RawSocket>([observer]);
  const pinging = setInterval(observer.ping, PING_MS);
  const wanted = (isWanted: (sighting: Sighting) => boolean) => (one: { readonly text: string }) => {
    const sighting = parseJson(one.text) as Sighting | undefined;
    return sighting !== undefined && isWanted(sighting);
  };

  function text(command: ProbeCommand): string {
    const envelope: ProbeEnvelope = { key, observer: observer.connectionId, tag: randomUUID(), command };
    return JSON.stringify(envelope);
  }

  async function open(options: OpenOptions = {}): Promise<RawSocket> {
    const { path = 'probe', connect, headers, query, abandonAfterMs } = options;
    const url = new URL(path === 'live' ? '/live' : `/${path}/${observer.connectionId}`, origin);
    const asked = { key, ...(connect === undefined ? {} : { connect: JSON.stringify(connect) }), ...query };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    const own = { [HANDSHAKE_HEADER]: observer.connectionId, ...headers };
    const socket = await openRawSocket({ url, headers: own, ca, abandonAfterMs });
    sockets.add(socket);
    return socket;
  }

  return {
    ...target,
    text,
    open,
    call: (command) =>
      callHttp({
        url: new URL('/call', origin.replace(/^ws/, 'http')),
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: text(command),
        ca,
      }),
    sightings: (isWanted) =>
      observer.messages.filter(wanted(isWanted)).map((one) => JSON.parse(one.text) as Sighting),
    async sighting(isWanted, waitMs = answerMs) {
      const found = await observer.message(wanted(isWanted), waitMs);
      return found === undefined ? undefined : (JSON.parse(found.text) as Sighting);
    },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close() {
      clearInterval(pinging);
      for (const socket of sockets) socket.reset();
      for (const client of [rest, grpc] satisfies ManagementClient[]) client.close();
    },
  };
}

async function openObserver({ origin, key, ca }: BenchTarget): Promise<RawSocket> {
  const url = new URL('/observe', origin);
  url.searchParams.set('key', key);
  const observer = await openRawSocket({ url, headers: {}, ca });
  if (observer.status === 101 && observer.connectionId !== '') return observer;
  const remedy =
    observer.status === 403
      ? 'the key in the address is not that of the deployed function: use the address that `conformance deploy` printed'
      : 'is it the address that `conformance deploy` printed?';
  throw new BroadcastError(
    'INVALID_REQUEST',
    `the handshake was answered with ${observer.status}; ${remedy}`,
  );
}
