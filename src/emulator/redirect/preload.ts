/**
 * Runs in a worker before the function: connections to the redirected addresses go to the local gateway,
 * whoever opens them (`fetch`, `https`, axios, undici). Below all of these are two functions of Node.js. gRPC
 * clients that look the name up themselves are told the way by `grpc_proxy` instead.
 */
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import type { PreloadSettings } from './preload-program.js';

/** Filled in by preload-program.ts. */
declare const SETTINGS: PreloadSettings;
const { ports, ca } = SETTINGS;

interface Address {
  readonly host?: unknown;
  readonly port?: unknown;
}

function portFor({ host, port }: Address): number | undefined {
  return ports[`${String(host)}:${String(port)}`];
}

type Connect = (this: net.Socket, ...args: readonly unknown[]) => net.Socket;
const connectSocket = net.Socket.prototype.connect as Connect;

/** Arguments are `(options)`, `(port, host)`, or, from within Node.js, a list with the options first. */
const connectToGateway: Connect = function (...args) {
  const [first, host, ...rest] = args;
  const options: unknown = Array.isArray(first) ? first[0] : first;
  const isObject = typeof options === 'object' && options !== null;
  const port = portFor(isObject ? options : { host, port: first });
  if (port === undefined) return connectSocket.call(this, ...args);
  const local = { host: '127.0.0.1', port };
  if (!isObject) return connectSocket.call(this, port, '127.0.0.1', ...rest);
  if (!Array.isArray(first)) return connectSocket.call(this, { ...options, ...local }, ...args.slice(1));
  first[0] = { ...options, ...local };
  return connectSocket.call(this, first);
};

const connectTls = tls.connect as (...args: readonly unknown[]) => tls.TLSSocket;

/**
 * The gateway's certificate is for the real name; only its authority has to be trusted, and only for that
 * name.
 */
function connectTlsToGateway(...args: readonly unknown[]): tls.TLSSocket {
  const trusting = (options: unknown) => ({ ...(options as object), ca, secureContext: undefined });
  const [first, second, third, ...rest] = args;
  if (typeof first === 'object' && first !== null) {
    const isOurs = !Reflect.get(first, 'socket') && portFor(first) !== undefined;
    return isOurs ? connectTls(trusting(first), ...args.slice(1)) : connectTls(...args);
  }
  if (portFor({ host: second, port: first }) === undefined) return connectTls(...args);
  return typeof third === 'object'
    ? connectTls(first, second, trusting(third), ...rest)
    : connectTls(first, second, trusting({}), third, ...rest);
}

Reflect.set(net.Socket.prototype, 'connect', connectToGateway);
Reflect.set(tls, 'connect', connectTlsToGateway);
// For `import { connect } from 'node:tls'`.
syncBuiltinESMExports();
