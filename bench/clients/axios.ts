import { Agent } from 'node:https';
import axios from 'axios';
import { REST_BODY, REST_HEADERS, restPath, type Target } from '../target.js';
import type { Client } from './client.js';

/** With an agent that keeps connections alive: without one, each send would pay for a TLS handshake. */
export function open({ origin }: Target): Client {
  const httpsAgent = new Agent({ keepAlive: true, maxFreeSockets: 1024 });
  const http = axios.create({ baseURL: origin, httpsAgent, headers: REST_HEADERS });
  return {
    send: (id) => http.post(restPath(id), REST_BODY),
  };
}
