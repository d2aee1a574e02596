/** A proxy that this machine uses anyway: what is not redirected goes on through it. */
import { request } from 'node:http';
import type { Socket } from 'node:net';

/** The variables that gRPC clients look at, in their order. */
const VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/** `undefined` when there is none, or none that speaks plain HTTP. */
export function upstreamProxy(env: NodeJS.ProcessEnv): URL | undefined {
  const text = VARIABLES.map((name) => env[name]).find((value) => value !== undefined && value !== '');
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' ? url : undefined;
}

export function connectThrough(proxy: URL, address: string): Promise<Socket> {
  const { hostname, port, username, password } = proxy;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const headers = username === '' ? {} : { 'Proxy-Authorization': `Basic ${login.toString('base64')}` };
  return new Promise((resolve, reject) => {
    request({ method: 'CONNECT', hostname, port: port === '' ? 80 : port, path: address, headers })
      .on('connect', ({ statusCode }, socket, head) => {
        if (statusCode !== 200) {
          socket.destroy();
          reject(new Error(`the proxy ${hostname} answered ${statusCode ?? 'nothing'}`));
          return;
        }
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      })
      .on('error', reject)
      .end();
  });
}
