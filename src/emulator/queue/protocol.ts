import type { IncomingHttpHeaders } from 'node:http';
import type { CheckedFields } from './checks.js';
import type { QueueError } from './queue-error.js';

/** How requests and answers look on the wire. */
export interface Protocol {
  /** Throws a refusal when the request cannot be read. */
  read(headers: IncomingHttpHeaders, body: string): QueueRequest;
  result(action: string, answer: object): WireAnswer;
  refusal(error: QueueError): WireAnswer;
}

export interface QueueRequest {
  readonly action: string;
  readonly fields: CheckedFields;
}

export interface WireAnswer {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}
