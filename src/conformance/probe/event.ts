/** As much of the platform's events as the probe function looks at, in any of their formats. */
import type { EventShape } from './sighting.js';

type Texts = Readonly<Record<string, string>>;

export interface ProbeEvent {
  readonly version?: string | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly headers?: Texts | undefined;
  readonly queryStringParameters?: Texts | undefined;
  readonly pathParameters?: Texts | undefined;
  readonly pathParams?: Texts | undefined;
  readonly requestContext?:
    | {
        readonly eventType?: string | undefined;
        readonly connectionId?: string | undefined;
        readonly requestId?: string | undefined;
        readonly messageId?: string | undefined;
        readonly disconnectStatusCode?: number | undefined;
        readonly disconnectReason?: string | undefined;
        readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
      }
    | undefined;
  /** Only requests to authorizers have it. */
  readonly cookies?: unknown;
  /** Of a trigger. */
  readonly messages?: readonly TriggerMessage[] | undefined;
}

interface TriggerMessage {
  readonly details?:
    { readonly message?: { readonly body?: string; readonly attributes?: Texts } | undefined } | undefined;
}

export interface ProbeContext {
  readonly token?: { readonly access_token?: string | undefined } | undefined;
}

/** A header that the runner sends with each handshake. */
export const HANDSHAKE_HEADER = 'X-Probe-Observer';

export function shapeOf(event: ProbeEvent): EventShape {
  const path = event.pathParameters ?? event.pathParams;
  return {
    version: event.version,
    fields: Object.keys(event).sort(),
    hasObserver: path?.['observer'] !== undefined,
    hasQuery: event.queryStringParameters?.['key'] !== undefined,
    hasAuthorizer: event.requestContext?.authorizer?.['probe'] === 'yes',
    hasHandshakeHeader: event.headers?.[HANDSHAKE_HEADER] !== undefined,
  };
}
