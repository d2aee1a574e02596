/**
 * A socket that comes back by itself, with requests on top: every message carries an id, and the reply or the error
 * that repeats it settles the request. Nothing in here knows that this is a chat.
 */
const CONNECT_MS = 10_000;
const ANSWER_MS = 15_000;
/** The gateway closes a connection after 10 silent minutes. */
const PING_EVERY_MS = 4 * 60_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Why a request did not succeed: a code of the server, or `OFFLINE`, or `NO_ANSWER`. */
function failure(code) {
  return Object.assign(new Error(code), { code });
}

/** `address` gives the URL for each attempt, `onLost` is told when the next one is due. */
export function createSession({ address, onMessage, onLost, onTrying }) {
  const requests = new Map();
  let socket;
  let attempts = 0;
  let timer;

  function connect() {
    clearTimeout(timer);
    onTrying();
    const current = new WebSocket(address());
    socket = current;
    timer = setTimeout(() => drop(current), CONNECT_MS);
    current.onopen = () => clearTimeout(timer);
    current.onmessage = ({ data }) => current === socket && take(JSON.parse(data));
    current.onclose = () => drop(current);
  }

  /** Gives a socket up, without waiting for its close handshake: a dead network would never answer it. */
  function drop(dropped) {
    if (dropped === undefined || dropped !== socket) return;
    socket = undefined;
    dropped.close();
    for (const id of [...requests.keys()]) settle(id)?.reject(failure('OFFLINE'));
    // Full jitter: when a server restarts, its pages must not all come back in the same second.
    const limit = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts++);
    const delay = 100 + Math.random() * limit;
    clearTimeout(timer);
    timer = setTimeout(connect, delay);
    onLost(Date.now() + delay);
  }

  function take({ type, data, id, replyTo, error }) {
    attempts = 0;
    if (type === 'reply') settle(replyTo)?.resolve(data);
    else if (type === 'error') refused(replyTo, error);
    else onMessage(type, data, id);
  }

  function refused(replyTo, { code }) {
    // The server has forgotten this connection, although the socket is open: only a new one helps.
    if (code === 'CONNECTION_STALE') drop(socket);
    else settle(replyTo)?.reject(failure(code));
  }

  function settle(id) {
    const request = requests.get(id);
    clearTimeout(request?.timer);
    requests.delete(id);
    return request;
  }

  function request(type, data, id = newId()) {
    return new Promise((resolve, reject) => {
      if (socket?.readyState !== WebSocket.OPEN) return reject(failure('OFFLINE'));
      const timer = setTimeout(unanswered, ANSWER_MS, type, id);
      requests.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ type, data, id }));
    });
  }

  /** The message may be lost, or the whole connection: a ping tells. */
  function unanswered(type, id) {
    settle(id)?.reject(failure('NO_ANSWER'));
    if (type !== 'ping') check();
  }

  function check() {
    const checked = socket;
    if (checked?.readyState === WebSocket.OPEN) request('ping').catch(() => drop(checked));
  }

  function tryNow() {
    if (socket === undefined) connect();
  }

  setInterval(check, PING_EVERY_MS);
  window.addEventListener('online', tryNow);
  window.addEventListener('offline', () => drop(socket));
  // A laptop that wakes up, or a tab that comes back: the socket may have died without a word.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    tryNow();
    check();
  });

  return { connect, tryNow, request, reconnect: () => drop(socket) };
}

/** Random, and available on pages without TLS too, where `crypto.randomUUID` is not. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
