/** The client, as this page uses it. Nothing in here knows that this is a chat. */
import { connect } from './yc-broadcast/client.js';

/** Codes of requests that may find a connection which works better: what they asked for is asked again on the next one. */
const LOST = ['NOT_SENT', 'NO_ANSWER', 'CONNECTION_STALE'];

const ANSWER_MS = 15_000;
const LAST_MESSAGES = 30;

/** `address` gives the URL for each attempt, `protocols` the subprotocols, `onLost` is told when the connection is gone, `onTrying` of every attempt. */
export function createSession({ types, address, protocols, onMessage, onLost, onTrying }) {
  let client;

  function begin() {
    client = connect({ url: address, protocols: protocols(), timeoutMs: ANSWER_MS });
    for (const type of types) client.on(type, (data, { id }) => onMessage(type, data, id));
    client.onState((change) => {
      if (change.state !== 'connecting') return;
      if (change.retryAt === undefined) onTrying();
      else onLost();
    });
  }

  /** Rejects with a code. Give a message that is said again the id that it had. */
  async function request(type, data, id) {
    if (client === undefined) throw notConnected();
    return client.request(type, data, id === undefined ? {} : { id });
  }

  /** Stays in a room, over all connections. `onSaid` is told its last messages, then what follows, in order and once. */
  function join(name, { type, onSaid, onGap }) {
    if (client === undefined) throw notConnected();
    const room = client.join(name, { last: LAST_MESSAGES });
    room.on(type, onSaid);
    room.onLoss(onGap);
    // Told by `joined` as well; later refusals come with the next welcome.
    room.onRefused(() => undefined);
    return room;
  }

  return {
    connect: begin,
    join,
    tryNow: () => client.retryNow(),
    request,
    isLost: ({ code }) => LOST.includes(code),
  };
}

function notConnected() {
  return Object.assign(new Error('not connected yet'), { code: 'NOT_SENT' });
}

/** Random, and available on pages without TLS too, where `crypto.randomUUID` is not. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
