// node crowd.js [count]: so many viewers, who watch until Ctrl-C.
import { once } from 'node:events';
import { WebSocket } from 'ws';

const count = Number(process.argv[2] ?? 3000);
const { BOARD_URL = 'ws://127.0.0.1:4510/ws' } = process.env;

let [open, heard] = [0, 0];

async function watch() {
  const socket = new WebSocket(BOARD_URL);
  socket.on('message', () => heard++);
  socket.on('close', () => open--);
  await once(socket, 'open');
  open++;
}

/** Connects one viewer after the other. Several queues do it side by side: a function takes ten calls at a time. */
async function fill(share) {
  for (let viewer = 0; viewer < share; viewer++) await watch();
}

setInterval(() => console.log(`${open} watch, ${heard} messages`), 2000);
await Promise.all(Array.from({ length: 8 }, () => fill(Math.ceil(count / 8))));
