/** dynalite in a process of its own. It stands in for the Document API of YDB, and is slow. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { say } from '../processes.js';

const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;
const server = dynalite({ createTableMs: 0, deleteTableMs: 0 }).listen(0, '127.0.0.1');
await once(server, 'listening');
await say({ port: (server.address() as AddressInfo).port });
