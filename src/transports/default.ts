import type { FunctionContext } from '../base/invocation.js';
import type { EncodedPayload, Transport } from '../model/transport.js';
import { createEndpoint } from './endpoint.js';
import { grpcTransport, type GrpcTransportOptions } from './grpc.js';
import { restTransport } from './rest.js';

/** What the default transport remembers of a payload: who encoded it, since only that one can send it. */
interface Wire {
  readonly by: Transport;
  readonly payload: EncodedPayload;
}

/**
 * What apps and broadcasters use when no transport is given: `grpcTransport` for an `https://` endpoint, as
 * the cloud's is, and `restTransport` for `http://`, as the local gateway's is. An endpoint that is a
 * function may change its mind from one broadcast to the next.
 */
export function defaultTransport(options: GrpcTransportOptions = {}): Transport {
  const endpointNow = createEndpoint(options.endpoint);
  const grpc = grpcTransport(options);
  let invocation: FunctionContext | undefined;
  /** Made when it is needed, which it never is in the cloud. */
  let rest: Transport | undefined;
  const openRest = (): Transport => (rest ??= restWith(options, invocation));
  const current = (): Transport => (endpointNow().protocol === 'http:' ? openRest() : grpc);

  return {
    get name() {
      return current().name;
    },
    get maxPayloadBytes() {
      return current().maxPayloadBytes;
    },
    encode(payload) {
      const by = current();
      const encoded = by.encode(payload);
      return { bytes: encoded.bytes, wire: { by, payload: encoded } satisfies Wire };
    },
    send(connectionId, { wire }, options) {
      const { by, payload } = wire as Wire;
      return by.send(connectionId, payload, options);
    },
    get: (connectionId, options) => current().get(connectionId, options),
    disconnect: (connectionId, options) => current().disconnect(connectionId, options),
    onInvocation(context) {
      invocation = context;
      grpc.onInvocation?.(context);
      rest?.onInvocation?.(context);
    },
    async close() {
      await Promise.all([grpc.close(), openRest().close()]);
    },
  };
}

/** In the middle of a call, too, it knows the call's token. */
function restWith(options: GrpcTransportOptions, invocation: FunctionContext | undefined): Transport {
  const rest = restTransport(options);
  if (invocation !== undefined) rest.onInvocation?.(invocation);
  return rest;
}
