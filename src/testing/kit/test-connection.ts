import { AssertionError } from 'node:assert';
import type { ClientTypeOf, Contract } from '../../model/contract.js';
import type { ClientError, RoomPosition, RoomState } from '../../base/protocol.js';
import { createInbox, described, type Arrival, type KitFrame } from './inbox.js';
import type { KitClosure, KitGateway, KitSocket } from './kit-gateway.js';
import type { MessageDataOf, PushArguments, ReplyDataOf } from './message-types.js';
import { difference, shown, type PatternOf } from './pattern.js';

/**
 * A client of a test kit, connected. Whatever reaches it waits until an `expect…` takes it, oldest first;
 * what does not fit stays for others. Expectations wait for as long as something is under way, and for no
 * timer: when all is quiet and nothing fits, they reject with an `AssertionError` that lists what has arrived
 * instead.
 */
export interface TestConnection<K extends Contract = Contract> {
  readonly id: string;
  /** What the handler chose, if it did. */
  readonly subprotocol: string | undefined;
  /**
   * Sends a message of the contract. Resolves when the handler has answered; pushes that are not awaited
   * overlap, as in the cloud. Each has an id of its own, fit for `once`; give `{ id }` to send one again.
   * Rejects when the function itself rejects, which that of `createApp` never does (see `expectError`), and
   * when the connection is closed.
   */
  push<T extends keyof K['client'] & string>(type: T, ...rest: PushArguments<K, T>): Promise<void>;
  /**
   * Enters a room as the browser's client does, with `$join`: `rooms.join` of the app has to open it.
   * Resolves with what the server says of the room: where it stands, what was missed behind `since`. Rejects
   * with an `AssertionError` that holds the code and message of a refusal.
   */
  join(room: string, since?: RoomPosition): Promise<RoomState>;
  /**
   * Sends a frame as it is: text as text, bytes as binary. For handlers without a contract, and for input
   * that the contract does not allow. More than 32,768 bytes close the connection with 1009, since browsers
   * send one frame.
   */
  send(frame: string | Uint8Array): Promise<void>;
  /** A ping frame, which keeps the connection from being idle. No handler is told. */
  ping(): void;
  /** The reply to a push of this type. Resolves with its data. */
  expectReply<T extends keyof K['client'] & string>(
    type: T,
    pattern?: PatternOf<ReplyDataOf<K, T>>,
  ): Promise<ReplyDataOf<K, T>>;
  /** An error instead of a reply, to a push of this type or to anything. Resolves with it. */
  expectError(code: string, type?: ClientTypeOf<K>): Promise<ClientError>;
  /** A message of the server: a broadcast, or the first message of a connection. Resolves with its data. */
  expectBroadcast<T extends keyof K['server'] & string>(
    type: T,
    pattern?: PatternOf<MessageDataOf<K, T>>,
  ): Promise<MessageDataOf<K, T>>;
  /** The oldest frame, whatever it is, or one that equals `frame`. Resolves with it. */
  expectFrame(frame?: string | Uint8Array): Promise<KitFrame>;
  /**
   * Nothing has arrived but what was expected before, and replies, which a push asks for. Errors do count.
   */
  expectNothing(): Promise<void>;
  /**
   * The connection was closed by the server: 1000 by a handler, 1001 by a limit, 1009 for size. Resolves with
   * the code.
   */
  expectClosed(code?: number): Promise<number>;
  /** Frames that have arrived and were not expected yet. */
  unread(): readonly KitFrame[];
  /** Closes the socket. Resolves when the handler has been told, by a DISCONNECT event. @default code 1000 */
  disconnect(code?: number, reason?: string): Promise<void>;
  /**
   * Ends without a DISCONNECT event, which the platform does not promise: the store still knows the
   * connection.
   */
  drop(): void;
}

export interface TestConnectionDeps {
  readonly gateway: KitGateway;
  /** Resolves when nothing is under way; rejects when that takes too long. */
  readonly idle: () => Promise<void>;
  readonly socket: KitSocket;
  readonly inbox: TestInbox;
}

const JOIN_TYPE = '$join';

/** The frames of one client, and which messages its replies answer. */
export function createTestInbox() {
  const types = new Map<string, string>();
  const inbox = createInbox((id) => types.get(id));
  return { ...inbox, types };
}

export type TestInbox = ReturnType<typeof createTestInbox>;

export function createTestConnection<K extends Contract>(parts: TestConnectionDeps): TestConnection<K> {
  const { gateway, idle, socket, inbox } = parts;
  const { connectionId: id } = socket.handshake;
  let messages = 0;

  async function send(frame: KitFrame): Promise<void> {
    if (socket.closed !== undefined)
      throw new Error(`connection ${id} is closed (${closure(socket.closed)})`);
    const problem = await gateway.message(socket, frame);
    if (problem !== undefined) throw new Error(`the handler failed on a message: ${problem}`);
  }

  /** Sends a message of the protocol. */
  function ask(type: string, data: unknown, messageId = `${id}.${++messages}`): Promise<void> {
    inbox.types.set(messageId, type);
    return send(JSON.stringify({ type, data, id: messageId }));
  }

  /** The arrival that `pick` wants. Waits for it for as long as something is under way. */
  async function expect<T>(wanted: string, pick: (arrival: Arrival) => Picked<T>): Promise<T> {
    const take = (): { value: T } | undefined =>
      inbox.take((arrival) => {
        const picked = pick(arrival);
        return typeof picked === 'object' ? picked : undefined;
      });
    const found = take() ?? (await idle().then(take));
    if (found !== undefined) return found.value;
    throw failure(`expected ${wanted}, which has not arrived`, inbox.unread(), pick);
  }

  return {
    id,
    subprotocol: socket.response.headers['sec-websocket-protocol'],
    push: (type, ...[data, options]) => ask(type, data, options?.id),
    async join(room, since) {
      await ask(JOIN_TYPE, { room, since });
      return expect(`to join room '${room}'`, (arrival) => {
        if (arrival.kind === 'error' && arrival.to === JOIN_TYPE) return shown(arrival.error);
        return arrival.kind === 'reply' && arrival.to === JOIN_TYPE
          ? { value: arrival.data as RoomState }
          : undefined;
      });
    },
    send: (frame) => send(typeof frame === 'string' ? frame : Buffer.from(frame)),
    ping: () => {
      gateway.ping(socket);
    },
    expectReply: (type, pattern) =>
      expect(`a reply to '${type}'${withData(pattern)}`, (arrival) =>
        arrival.kind === 'reply' && arrival.to === type ? fitting(arrival.data, pattern) : undefined,
      ),
    expectError: (code, type) =>
      expect(`the error ${code}${type === undefined ? '' : ` to '${type}'`}`, (arrival) =>
        arrival.kind === 'error' && (type ?? arrival.to) === arrival.to
          ? fitting(arrival.error, { code })
          : undefined,
      ),
    expectBroadcast: (type, pattern) =>
      expect(`'${type}'${withData(pattern)}`, (arrival) =>
        arrival.kind === 'message' && arrival.type === type ? fitting(arrival.data, pattern) : undefined,
      ),
    expectFrame: (frame) =>
      expect(frame === undefined ? 'a frame' : `the frame ${shown(frame)}`, (arrival) =>
        frame === undefined || isSame(arrival.frame, frame) ? { value: arrival.frame } : undefined,
      ),
    async expectNothing() {
      await idle();
      const unread = inbox.unread().filter(({ kind }) => kind !== 'reply');
      if (unread.length > 0) throw failure('expected nothing', unread);
    },
    async expectClosed(code) {
      await idle();
      const { closed } = socket;
      const wanted = `expected the server to close the connection${code === undefined ? '' : ` with ${code}`}`;
      if (closed === undefined) throw failure(`${wanted}, but it is open`, inbox.unread());
      if (closed.by === 'client' || (code ?? closed.code) !== closed.code)
        throw failure(`${wanted}, but it was closed ${closure(closed)}`, inbox.unread());
      return closed.code;
    },
    unread: () => inbox.unread().map(({ frame }) => frame),
    async disconnect(code = 1000, reason = '') {
      const problem = await gateway.close(socket, { code, by: 'client', reason });
      if (problem !== undefined) throw new Error(`the handler failed on a disconnect: ${problem}`);
    },
    drop: () => void gateway.close(socket, { code: 1006, by: 'client', reason: '' }, 'lost'),
  };
}

/** What is wanted, or how it differs in data, or `undefined` for something else altogether. */
type Picked<T> = { readonly value: T } | string | undefined;

function fitting<T>(data: unknown, pattern: unknown): Picked<T> {
  const found = pattern === undefined ? undefined : difference(data, pattern);
  return found ?? { value: data as T };
}

function withData(pattern: unknown): string {
  return pattern === undefined ? '' : ` with ${shown(pattern)}`;
}

function isSame(frame: KitFrame, expected: string | Uint8Array): boolean {
  if (typeof frame === 'string' || typeof expected === 'string') return frame === expected;
  return frame.equals(expected);
}

function closure({ code, by, reason }: KitClosure): string {
  const who = { client: 'by the client', api: 'by Disconnect', gateway: 'by the gateway' }[by];
  return `with ${code} ${who}${reason === '' ? '' : `: ${reason}`}`;
}

/** Says what was expected and what has arrived instead, and where the nearest things differ. */
function failure(
  message: string,
  unread: readonly Arrival[],
  pick?: (arrival: Arrival) => Picked<unknown>,
): AssertionError {
  const lines = unread.map((arrival) => {
    const picked = pick?.(arrival);
    return `  ${described(arrival)}${typeof picked === 'string' ? `\n    ${picked}` : ''}`;
  });
  const rest = lines.length === 0 ? '; nothing is unread' : `; unread:\n${lines.join('\n')}`;
  return new AssertionError({ message: message + rest });
}
