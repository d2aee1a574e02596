/**
 * The chat example behind a local gateway, the way `npm start` runs it, and people who use it without a page.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator, type EmulatorOptions, type TestClient } from 'yc-broadcast/emulator';

type Handler = (event: never, context: never) => unknown;

const page = fileURLToPath(new URL('../../examples/chat/public', import.meta.url));

/**
 * The handler reads its surroundings when it is loaded, so the gateway has to be there first. One per test
 * file. `intercept` stands between gateway and handler: what it returns is the answer, unless that is
 * `undefined`.
 */
export async function startChat(
  options: Partial<EmulatorOptions> = {},
  intercept: (event: unknown) => unknown = () => undefined,
): Promise<Emulator> {
  let handler: Handler = () => ({ statusCode: 503 });
  const route: Handler = (event, context) => intercept(event) ?? handler(event, context);
  const emulator = await startEmulator({ routes: { '/ws': route }, static: page, ...options });
  process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
  process.env['ORIGINS'] = emulator.url;
  ({ handler } = await import('../../examples/chat/handler.js'));
  return emulator;
}

export interface Answer {
  readonly type: 'reply' | 'error';
  readonly replyTo?: string;
  readonly data?: unknown;
  readonly error?: unknown;
}

/** What the server said on its own account. */
export interface Heard {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly id: string;
}

export interface Visitor {
  readonly client: TestClient;
  readonly name: string;
  readonly key: string;
  /** The public id, from the server's welcome. */
  readonly user: string;
  /** Sends a message and resolves with the answer to it. */
  ask(type: string, data?: unknown, id?: string): Promise<Answer>;
  /** The next message of a type that was not asked for yet. */
  hear(type: string): Promise<Heard>;
  /** Messages of a type that nobody has asked for. */
  unheard(type: string): readonly Heard[];
}

/** The subprotocols that a page offers. */
export const protocolsOf = (key: string): string[] => ['chat', `key.${key}`];

export async function enter(emulator: Emulator, name: string, key: string = randomUUID()): Promise<Visitor> {
  const client = await emulator.connect(`/ws?${new URLSearchParams({ name }).toString()}`, {
    subprotocols: protocolsOf(key),
  });
  if (client.handshake.status !== 101) throw new Error(`refused with ${client.handshake.status}`);
  const answers = new Map<string, Answer>();
  let heard: Heard[] = [];

  /** Frames come in any order, so each is put where it will be looked for. */
  async function readUntil<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      sort(JSON.parse(String(await client.next(10_000))) as Answer | Heard);
    }
  }

  function sort(frame: Answer | Heard): void {
    if (frame.type === 'reply' || frame.type === 'error')
      answers.set(String((frame as Answer).replyTo), frame as Answer);
    else heard.push(frame as Heard);
  }

  const of = (type: string): Heard[] => heard.filter((message) => message.type === type);
  const hear = (type: string): Promise<Heard> =>
    readUntil(() => {
      const [first] = of(type);
      heard = heard.filter((message) => message !== first);
      return first;
    });

  return {
    client,
    name,
    key,
    user: String((await hear('welcome')).data['user']),
    ask(type, data, id = randomUUID()) {
      answers.delete(id);
      client.send({ type, data, id });
      return readUntil(() => answers.get(id));
    },
    hear,
    unheard(type) {
      const arrived = client.pending().map((frame) => JSON.parse(String(frame)) as Heard);
      return [...of(type), ...arrived.filter((message) => message.type === type)];
    },
  };
}
