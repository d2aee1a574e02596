/** Loaded by Serverless Framework 3, by the line `- yc-broadcast/serverless` among the `plugins`. */
export { ycBroadcastPlugin as default } from './plugin.js';
