import { spawn } from 'node:child_process';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Opens an address in the browser of the desktop. Resolves with what to tell. */
export function openInBrowser(url: string): Promise<string> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.on('error', () => {
      resolve(`there is no ${command} here; open the address of the inspector above`);
    });
    child.on('spawn', () => {
      child.unref();
      resolve('the inspector opens in the browser');
    });
  });
}
