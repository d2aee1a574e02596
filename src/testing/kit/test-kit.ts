import { AssertionError } from 'node:assert';
import * as z from 'zod/mini';
import type { App } from '../../server/app.js';
import type { Contract } from '../../model/contract.js';
import { enterTest } from '../../model/diagnostics.js';
import { parseDuration } from '../../emulator/clock.js';
import { newFunctionIdentity } from '../../emulator/events/function-context.js';
import { createInProcessInvoker, type FunctionHandler } from '../../emulator/calls/invoker.js';
import { BroadcastError } from '../../base/errors.js';
import { parseOptions } from '../../base/options.js';
import type { Transport } from '../../model/transport.js';
import type { KitWorld, TestConnectOptions, TestKit, TestKitOptions } from './kit-api.js';
import { createKitEvents } from './kit-events.js';
import { createKitFaults } from './kit-faults.js';
import { createKitGateway, type KitRefusal } from './kit-gateway.js';
import { kitTransport, type KitSwitchboard, type KitTransport } from './kit-transport.js';
import { quiet, turns } from './quiet.js';
import { createTestConnection, createTestInbox } from './test-connection.js';

const optionsSchema = z.strictObject({
  paths: z._default(z.array(z.string().check(z.startsWith('/'))).check(z.minLength(1)), ['/ws']),
  timeoutMs: z._default(z.number().check(z.positive()), 10_000),
  token: z._default(z.string().check(z.minLength(1)), 't1.test-kit'),
  patienceMs: z._default(z.number().check(z.positive()), 4000),
});

/**
 * Makes a kit that tests handlers in memory: no port, no socket, no timer. The code under test gets the
 * events that the local gateway would send, from clients that expect replies, broadcasts or silence; its
 * broadcasts go through the kit's transport. Failed expectations are `AssertionError`s, so any test runner
 * will do.
 *
 * @param make Builds the code under test with the kit's transport: an app, or a handler of any making.
 *
 * @example
 * const kit = createTestKit(({ transport }) => createChat({ store: memoryStore(), transport }));
 * const [anna, boris] = [await kit.connect('/ws'), await kit.connect('/ws')];
 * await anna.push('say', { text: 'hello' });
 * await boris.expectBroadcast('said', { text: 'hello' });
 * await anna.expectNothing();
 */
export function createTestKit<K extends Contract>(
  make: (world: KitWorld) => App<K>,
  options?: TestKitOptions,
): TestKit<K>;
export function createTestKit(make: (world: KitWorld) => FunctionHandler, options?: TestKitOptions): TestKit;
export function createTestKit<K extends Contract>(
  make: (world: KitWorld) => App<K> | FunctionHandler,
  options: TestKitOptions = {},
): TestKit<K> {
  const { paths, timeoutMs, token, patienceMs } = parseOptions(optionsSchema, options, 'createTestKit');
  // Errors of the code under test show their own text.
  enterTest();
  const { faults, decide } = createKitFaults();
  let isShut = false;
  let handler: FunctionHandler = () => undefined;
  const gateway = createKitGateway(paths, (clock) => {
    const identity = newFunctionIdentity(128, token);
    return createInProcessInvoker({
      handler: (...call) => handler(...call),
      identity,
      timeoutMs,
      clock,
    });
  });
  const switchboard: KitSwitchboard = {
    decide,
    infoOf: gateway.infoOf,
    placeOf: (connectionId) => gateway.find(connectionId)?.handshake,
    deliver(connectionId, frame) {
      gateway.find(connectionId)?.onFrame(frame);
      return gateway.find(connectionId) !== undefined;
    },
    disconnect(connectionId) {
      const socket = gateway.find(connectionId);
      // The gateway answers before the function has been told.
      if (socket !== undefined) void gateway.close(socket, { code: 1000, by: 'api', reason: '' });
      return socket !== undefined;
    },
    cut(connectionId) {
      const socket = gateway.find(connectionId);
      if (socket !== undefined) void gateway.close(socket, { code: 1006, by: 'gateway', reason: '' });
    },
    isShut: () => isShut,
  };
  const transports: KitTransport[] = [];
  function openTransport(): Transport {
    const transport = kitTransport(switchboard);
    transports.push(transport);
    return transport;
  }
  const transport = openTransport();
  handler = handlerOf(madeBy(make, { transport, now: gateway.clock.now }), transport);

  async function idle(): Promise<void> {
    const sends = (): number => transports.reduce((sum, { underWay }) => sum + underWay(), 0);
    if (await quiet(() => gateway.underWay() + sends() === 0, patienceMs)) return;
    const message = `after ${patienceMs} ms still in progress: ${gateway.underWay()} handler calls, ${sends()} sends`;
    throw new AssertionError({ message });
  }

  async function shake(path: string, { query = {}, headers = {}, subprotocols = [] }: TestConnectOptions) {
    const inbox = createTestInbox();
    const offered = subprotocols.length === 0 ? {} : { 'Sec-WebSocket-Protocol': subprotocols.join(', ') };
    const sent = { Host: 'gateway.test', 'User-Agent': 'yc-broadcast test kit', ...offered, ...headers };
    return { inbox, answer: await gateway.connect({ path, query, headers: sent }, inbox.add) };
  }

  return {
    async connect(path = paths[0] ?? '', connectOptions = {}) {
      const { inbox, answer } = await shake(path, connectOptions);
      if ('handshake' in answer) return createTestConnection<K>({ gateway, idle, socket: answer, inbox });
      throw new AssertionError({
        message: `expected ${path} to accept the handshake, but it refused: ${refusalText(answer)}`,
        actual: answer.status,
        expected: 101,
      });
    },
    async expectRefused(status, path = paths[0] ?? '', connectOptions = {}) {
      const { answer } = await shake(path, connectOptions);
      const got = 'handshake' in answer ? 101 : answer.status;
      if (!('handshake' in answer) && got === status) return answer;
      const seen = 'handshake' in answer ? 'it accepted' : `it refused: ${refusalText(answer)}`;
      throw new AssertionError({
        message: `expected ${path} to refuse the handshake with ${status}, but ${seen}`,
        actual: got,
        expected: status,
      });
    },
    ...createKitEvents(gateway),
    transport,
    openTransport,
    faults,
    clock: {
      now: gateway.clock.now,
      async advance(duration) {
        const ms = parseDuration(duration);
        if (ms === undefined) {
          const expected = "expected milliseconds or a text such as '9m59s'";
          throw new BroadcastError('INVALID_OPTIONS', `advance: ${expected}`);
        }
        await turns();
        gateway.clock.advance(ms);
        await idle();
      },
    },
    idle,
    connections: gateway.ids,
    shutDown() {
      isShut = true;
    },
  };
}

function refusalText({ status, body, problem }: KitRefusal): string {
  return [String(status), problem ?? body].filter((part) => part !== '').join(' ');
}

/**
 * Whoever has an app passes it itself at first. For JavaScript, and for handlers, which are functions, too.
 */
function madeBy<K extends Contract>(
  make: (world: KitWorld) => App<K> | FunctionHandler,
  world: KitWorld,
): App<K> | FunctionHandler {
  const made = typeof make === 'function' ? make(world) : undefined;
  if (typeof made === 'function' || isApp(made)) return made;
  const remedy = '({ transport }) => createApp({ …, transport })';
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `createTestKit: expected a function that returns an app or a handler: ${remedy}`,
  );
}

function isApp<K extends Contract>(made: App<K> | undefined): made is App<K> {
  return typeof made === 'object' && 'broadcaster' in made && 'handler' in made;
}

/** An app with a transport of its own would send into the void, or to the cloud. */
function handlerOf<K extends Contract>(
  made: App<K> | FunctionHandler,
  transport: Transport,
): FunctionHandler {
  if (typeof made === 'function') return made;
  if (made.broadcaster.transport !== transport) {
    const remedy = 'pass `transport` on to createApp';
    throw new BroadcastError(
      'INVALID_OPTIONS',
      `createTestKit: the app does not use the kit's transport; ${remedy}`,
    );
  }
  return made.handler;
}
