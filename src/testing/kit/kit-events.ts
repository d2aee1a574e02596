/**
 * What else calls the function of an app: HTTP requests, timers and queues, with the events of the local
 * gateway.
 */
import { httpEvent } from '../../emulator/events/http-event.js';
import { readRequest } from '../../emulator/events/request-facts.js';
import { newResourceId } from '../../emulator/ids.js';
import { triggerEvent } from '../../emulator/queue/trigger-event.js';
import { parsePathPattern } from '../../emulator/routing/routes.js';
import { timerEvent } from '../../emulator/timers/timer-event.js';
import { BroadcastError } from '../../base/errors.js';
import type { KitRequest, TestKit } from './kit-api.js';
import type { KitGateway } from './kit-gateway.js';

const FOLDER = { cloudId: 'b1gcloud', folderId: 'b1gfolder' };

export function createKitEvents({
  id: gatewayId,
  clock,
  call,
}: KitGateway): Pick<TestKit, 'request' | 'trigger'> {
  /** The platform asks no more of a function that a trigger calls than that it does not throw. */
  async function fire(event: Record<string, unknown>, source: string): Promise<void> {
    const { hasReturned, problem } = await call(event);
    if (hasReturned !== true) throw new Error(`the handler failed on a ${source}: ${problem ?? 'no answer'}`);
  }

  return {
    async request(path, request = {}) {
      const { response, problem } = await call(requestEvent(path, request, gatewayId, clock.now()));
      if (response === undefined)
        throw new Error(`the handler failed on a request: ${problem ?? 'no answer'}`);
      const { statusCode, headers, body } = response;
      return { status: statusCode, headers, body: body.toString('utf8') };
    },
    trigger: {
      timer(payload = '') {
        const triggerId = newResourceId('a1s');
        return fire(timerEvent({ ...FOLDER, triggerId, payload, at: clock.now() }), 'timer');
      },
      queue(bodies) {
        const at = clock.now();
        const queueArn = `yrn:yc:ymq:ru-central1:${FOLDER.folderId}:test-kit`;
        const messages = bodies.map((body) => {
          const received = { sentAt: at, firstReceivedAt: at, receiveCount: 1, senderId: 'ajetestkit' };
          return { ...received, id: newResourceId('m'), body, attributes: {} };
        });
        return fire(triggerEvent({ ...FOLDER, queueArn, attributeNames: 'snake_case' }, messages), 'queue');
      },
    },
  };
}

function requestEvent(
  path: string,
  { method = 'GET', headers = {}, body = '', template, payloadFormat = '1.0' }: KitRequest,
  gatewayId: string,
  now: number,
): Record<string, unknown> {
  const { pathname, search } = new URL(path, 'http://gateway.test');
  const pathParameters = template === undefined ? {} : parsePathPattern(template).match(pathname);
  if (pathParameters === undefined) {
    const problem = `request.template: '${template ?? ''}' does not match the path '${pathname}'`;
    throw new BroadcastError('INVALID_OPTIONS', problem, { path: ['template'] });
  }
  const rawHeaders = Object.entries({ Host: 'gateway.test', ...headers }).flat();
  const socket = { remoteAddress: '127.0.0.1', remotePort: 50_000 };
  const facts = readRequest(
    { url: pathname + search, rawHeaders, socket },
    { template: template ?? pathname, pathParameters, gatewayId },
  );
  const sent = { method, rawQuery: search.slice(1), body: Buffer.from(body), authorizer: undefined };
  return httpEvent({ payloadFormat }, { ...facts, ...sent }, now);
}
