/**
 * The messages of `yandex.cloud.serverless.apigateway.websocket.v1.ConnectionService` that the local gateway
 * answers with.
 */
import { message } from '../../base/protobuf.js';
import type { ConnectionInfo } from '../../model/transport.js';

/** What `Get` answers: a `Connection`. */
export function connectionMessage(info: ConnectionInfo): Buffer {
  const { id, gatewayId, sourceIp, userAgent, connectedAt, lastActiveAt } = info;
  const identity = message([1, sourceIp], [2, userAgent]);
  return message(
    [1, id],
    [2, gatewayId],
    [3, identity],
    [4, timestamp(connectedAt)],
    [5, timestamp(lastActiveAt)],
  );
}

/** `google.protobuf.Timestamp`: seconds and nanoseconds. */
function timestamp(ms: number): Buffer {
  return message([1, Math.floor(ms / 1000)], [2, (ms % 1000) * 1_000_000]);
}
