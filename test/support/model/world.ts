/**
 * Clients, a gateway that reorders and loses, and the real app with the real store: one history of what can
 * happen.
 */
import { BroadcastError, createApp, type Transport } from 'yc-broadcast';
import type { NumberedMessage } from 'yc-broadcast/protocol';
import { connectEvent, disconnectEvent, messageEvent } from '../events.js';
import { contract } from '../protocol.js';
import { createModelClient, ROOM, type ModelClient, type ModelSocket } from './client.js';
import { createSchedule, type Schedule } from './schedule.js';
import { modelStore } from './store.js';

export type Action =
  | { readonly do: 'connect' | 'drop' | 'rotate' | 'miss' | 'double'; readonly client: number }
  | { readonly do: 'send' | 'sendLarge' | 'age' | 'loseHistory' };

interface Line {
  readonly id: string;
  readonly owner: ModelClient;
  readonly socket: ModelSocket;
  isOpen: boolean;
  /** What the gateway does to the next frame. */
  fault: 'miss' | 'double' | undefined;
}

export const MAX_AGE_MS = 60_000;
const LARGE = 'x'.repeat(60_000);

export function createWorld(seed: number, clientCount: number, mutant?: string) {
  const schedule = createSchedule(seed);
  let time = 1_800_000_000_000;
  const now = (): number => time;
  const { store, loseHistory, newest } = modelStore(schedule, now, mutant);
  const gateway = createGateway(schedule);
  const app = createApp({
    contract,
    store,
    transport: gateway.transport,
    origins: 'any',
    rooms: { join: true, history: { maxEntries: 100, maxAgeMs: MAX_AGE_MS } },
    broadcast: { retries: 0 },
    now,
  });
  const clients = Array.from({ length: clientCount }, () => newClient());
  const broadcasts: Promise<unknown>[] = [];
  let sent = 0;

  function newClient(): ModelClient {
    const client: ModelClient = createModelClient(() => gateway.open(client, app.handler, now()), mutant);
    return client;
  }

  function send(padding = ''): void {
    broadcasts.push(app.broadcaster.to(ROOM).send('said', { text: `${++sent} ${padding}` }));
  }

  async function act(action: Action): Promise<void> {
    await schedule.run(schedule.below(8));
    if ('client' in action) {
      const client = clients[action.client % clients.length] as ModelClient;
      if (action.do === 'connect') client.connect();
      else if (action.do === 'rotate') client.rotate();
      else if (action.do === 'drop') gateway.drop(client);
      else gateway.disturb(client, action.do);
    } else if (action.do === 'age') time += MAX_AGE_MS;
    else if (action.do === 'loseHistory') loseHistory();
    else send(action.do === 'sendLarge' ? LARGE : '');
  }

  /**
   * Everybody comes back, now and then while a message is under way. Then they have all there is, without any
   * message after it that would show them a gap.
   */
  async function settle(): Promise<void> {
    await schedule.runAll();
    gateway.calm();
    for (const client of clients) {
      if (schedule.below(2) === 0) gateway.drop(client);
      else client.rotate();
      client.connect();
    }
    if (schedule.below(2) === 0) send();
    await schedule.runAll();
    await Promise.all(broadcasts);
  }

  return { clients, act, settle, newest };
}

function createGateway(schedule: Schedule) {
  const lines = new Map<string, Line>();
  const linesOf = (owner: ModelClient): Line[] =>
    [...lines.values()].filter((line) => line.owner === owner && line.isOpen);

  type Handler = (event: unknown) => Promise<{ readonly body?: string }>;

  function open(owner: ModelClient, handler: Handler, connectedAt: number): ModelSocket {
    const id = `c${lines.size}`;
    const accepted = handler(connectEvent({ connectionId: id, connectedAt }));
    const close = (): void => {
      if (!line.isOpen) return;
      line.isOpen = false;
      // A disconnect event may be lost, and one that is not comes when it likes.
      if (schedule.below(3) > 0)
        schedule.later(() => void handler(disconnectEvent({ connectionId: id, connectedAt })));
    };
    const socket: ModelSocket = {
      close,
      send(message) {
        void accepted.then(async () => {
          const { body } = await handler(messageEvent(message, { connectionId: id, connectedAt }));
          if (body !== undefined)
            schedule.later(() => {
              bring(line, body);
            });
        });
      },
    };
    const line: Line = { id, owner, socket, isOpen: true, fault: undefined };
    lines.set(id, line);
    return socket;
  }

  function bring({ isOpen, owner }: Line, text: string): void {
    if (!isOpen) return;
    const frame = JSON.parse(text) as { type: string; replyTo?: string; data?: unknown };
    if (frame.type === 'reply') owner.onReply(frame.replyTo ?? '', frame.data);
    if (frame.type === 'said') owner.onMessage(frame as NumberedMessage);
  }

  const transport: Transport = {
    name: 'model',
    maxPayloadBytes: 98_304,
    encode: (payload) => ({ bytes: payload.length, wire: payload }),
    async send(connectionId, { wire }) {
      await schedule.pause();
      const line = lines.get(connectionId);
      if (line?.isOpen !== true) throw new BroadcastError('CONNECTION_STALE', 'closed');
      const { fault } = line;
      line.fault = undefined;
      if (fault === 'miss') throw new BroadcastError('GATEWAY_UNAVAILABLE', 'busy');
      for (let copies = fault === 'double' ? 2 : 1; copies > 0; copies--)
        schedule.later(() => {
          bring(line, wire as string);
        });
    },
    get: () => Promise.reject(new BroadcastError('CONNECTION_STALE', 'not modelled')),
    disconnect: async (connectionId) => lines.get(connectionId)?.socket.close(),
    close: () => Promise.resolve(),
  };

  return {
    transport,
    open,
    drop(owner: ModelClient): void {
      for (const line of linesOf(owner)) {
        line.socket.close();
        owner.onClose(line.socket);
      }
    },
    disturb(owner: ModelClient, fault: 'miss' | 'double'): void {
      for (const line of linesOf(owner)) line.fault = fault;
    },
    calm(): void {
      for (const line of lines.values()) line.fault = undefined;
    },
  };
}
