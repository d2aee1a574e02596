/** The JSON protocol of SQS, which current clients speak: the action in a header, JSON in both directions. */
import type { IncomingHttpHeaders } from 'node:http';
import type { CheckedFields } from './checks.js';
import { QueueError } from './queue-error.js';
import type { Protocol } from './protocol.js';

const TARGET = 'AmazonSQS.';

/** Clients know some refusals by another name than the one that the platform documents. */
const NAMES: Readonly<Record<string, string>> = { NonExistentQueue: 'QueueDoesNotExist' };

export function isJsonRequest(headers: IncomingHttpHeaders): boolean {
  return String(headers['x-amz-target']).startsWith(TARGET);
}

export const jsonProtocol: Protocol = {
  read(headers, body) {
    const action = String(headers['x-amz-target']).slice(TARGET.length);
    try {
      return { action, fields: JSON.parse(body === '' ? '{}' : body) as CheckedFields };
    } catch {
      throw new QueueError('MalformedQueryString', 'the body is not JSON');
    }
  },
  result: (_action, answer) => ({ type: 'application/x-amz-json-1.0', body: JSON.stringify(answer) }),
  refusal({ code, message, status }) {
    const type = `com.amazonaws.sqs#${NAMES[code] ?? code}`;
    return {
      type: 'application/x-amz-json-1.0',
      body: JSON.stringify({ __type: type, message }),
      // Clients take the name from here: the same as in the Query protocol.
      headers: { 'x-amzn-query-error': `${queryName(code)};${status < 500 ? 'Sender' : 'Receiver'}` },
    };
  },
};

/**
 * The Query protocol of SQS names this one with its service; the platform's documentation says nothing of it.
 */
export function queryName(code: string): string {
  return code === 'NonExistentQueue' ? 'AWS.SimpleQueueService.NonExistentQueue' : code;
}
