// Says hello to the function and waits for what it sends.
import { WebSocket } from 'ws';

const socket = new WebSocket(`${process.env.YC_BROADCAST_URL}/ws`);
socket.on('open', () => socket.send('hello'));
socket.on('message', (data) => {
  console.log(String(data));
  socket.close();
});
