// node publish.js anna,boris 'Title' 'Text' [key]: signs an order and sends it to the local gateway, or to NOTIFY_URL.
import { createHmac, randomUUID } from 'node:crypto';

const [to = '', title = '', text = '', key = randomUUID()] = process.argv.slice(2);
const { NOTIFY_URL = 'http://127.0.0.1:4510/notify', NOTIFY_SECRET = 'only-for-the-laptop' } = process.env;

const body = JSON.stringify({ to: to.split(','), title, text });
const time = String(Date.now());
const signature = createHmac('sha256', NOTIFY_SECRET).update(`${time}\n${key}\n${body}`).digest('hex');
const response = await fetch(NOTIFY_URL, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'Idempotency-Key': key,
    'X-Signed-At': time,
    'X-Signature': signature,
  },
  body,
});
console.log(response.status, await response.text());
process.exitCode = response.ok ? 0 : 1;
