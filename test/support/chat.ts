/** The chat example behind a local gateway, the way `npm start` runs it. */
import { fileURLToPath } from 'node:url';
import { startEmulator, type Emulator, type EmulatorOptions } from 'yc-broadcast/emulator';

type Handler = (event: never, context: never) => unknown;

const page = fileURLToPath(new URL('../../examples/chat/public', import.meta.url));

/** The handler reads its surroundings when it is loaded, so the gateway has to be there first. One per test file. */
export async function startChat(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  let handler: Handler = () => ({ statusCode: 503 });
  const route: Handler = (event, context) => handler(event, context);
  const emulator = await startEmulator({ routes: { '/ws': route }, static: page, ...options });
  process.env['YC_BROADCAST_ENDPOINT'] = emulator.endpoint;
  process.env['ORIGINS'] = emulator.url;
  ({ handler } = await import('../../examples/chat/handler.js'));
  return emulator;
}
