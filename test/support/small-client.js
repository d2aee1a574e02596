/**
 * A client of sixty lines for pages and Node.js, written from docs/protocol.md alone. It stays in one room, comes back
 * when the connection breaks, misses nothing, and says when it did.
 */
const FINAL = ['UNSUPPORTED_VERSION', 'UNKNOWN_TYPE', 'FORBIDDEN', 'NOT_IN_ROOM'];

export function smallClient({ url, room, WebSocket, onMessage, onLost, onStop }) {
  const [answers, seen] = [new Map(), new Set()];
  let [position, pauseMs, isStopped] = [null, 0, false];
  let socket, onGap;

  function open() {
    socket = new WebSocket(url);
    socket.onopen = () => stay(socket).catch(({ code }) => leave({ code, reconnect: !FINAL.includes(code) }));
    socket.onmessage = ({ data }) => read(JSON.parse(data));
    socket.onerror = () => undefined; // a close event follows
    socket.onclose = () => {
      answers.forEach(({ error }) => error({ code: 'NO_ANSWER' }));
      answers.clear();
      setTimeout(() => isStopped || open(), pauseMs + Math.random() * 100);
      pauseMs = Math.min(2 * pauseMs + 100, 30_000);
    };
  }

  /** Says hello, joins, and asks on whenever something is missing. Rejects when this connection is of no use. */
  async function stay(own) {
    const { keepAliveMs } = await request('$hello', { v: 1 });
    const pings = setInterval(() => request('$ping').catch(() => undefined), keepAliveMs);
    own.addEventListener('close', () => clearInterval(pings));
    pauseMs = 0;
    for (let type = '$join'; own === socket; type = '$recover') {
      const gap = new Promise((resolve) => (onGap = () => setTimeout(resolve, 500)));
      const state = await request(type, { room, since: position });
      if (!state.recovered) onLost();
      if (!state.recovered || position === null) position = state.position;
      state.messages.forEach(hear);
      if (!state.more) await gap;
    }
  }

  async function request(type, data) {
    const id = crypto.randomUUID();
    socket.send(JSON.stringify({ type, data, id }));
    return new Promise((reply, error) => answers.set(id, { reply, error }));
  }

  function read(frame) {
    if (frame.replyTo !== undefined) answers.get(frame.replyTo)?.[frame.type](frame.data ?? frame.error);
    else if (frame.type === '$bye') leave(frame.data);
    else if (frame.id && !frame.type.startsWith('$') && (frame.room ?? room) === room) hear(frame);
    answers.delete(frame.replyTo);
  }

  /** What comes too early is not kept: the answer to `$recover` brings it again. */
  function hear({ type, data, id, offset, epoch }) {
    if (offset !== undefined) {
      const step = epoch === position?.epoch ? offset - position.offset : Infinity;
      if (step > 1) onGap?.();
      if (step !== 1) return;
      position = { offset, epoch };
    }
    if (!seen.has(id)) onMessage(type, data);
    seen.add(id);
  }

  function leave({ code, reconnect, afterMs = 0 }) {
    [isStopped, pauseMs] = [!reconnect, Math.max(pauseMs, afterMs)];
    if (isStopped) onStop(code);
    socket.close();
  }

  open();
  return { request, position: () => position, close: () => leave({ code: 'CLOSED', reconnect: false }) };
}
