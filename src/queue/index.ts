export type { MessageQueue, QueueMessage, QueueSendOptions } from './message-queue.js';
export { MAX_QUEUE_BODY_BYTES, MAX_QUEUE_DELAY_SECONDS } from './message-queue.js';
export type { QueueFanoutOptions } from './options.js';
export { queueFanout } from './queue-fanout.js';
