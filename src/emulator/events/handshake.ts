import type { RequestFacts } from './request-facts.js';

/** What stays the same for all events of one connection. */
export interface Handshake extends RequestFacts {
  readonly connectionId: string;
  readonly connectedAt: number;
  /** What the authorizer said of the client. */
  readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
}
