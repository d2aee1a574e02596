export { createApp } from './app.js';
export type { App } from './app.js';
export type { ErrorReport } from './app/log-error.js';
export type { AppOptions } from './app/options.js';
export { createBroadcaster } from './broadcast.js';
export type { Broadcaster, BroadcasterOptions } from './broadcast.js';
export type { Attributes, StoredConnection } from './connection.js';
export { defineContract } from './contract.js';
export type {
  ClientMessageDetails,
  ClientMessages,
  ClientMessageSpec,
  ClientTypeOf,
  Contract,
  DataOf,
  ReplyOf,
  ServerDataOf,
  ServerMessages,
  ServerTypeOf,
} from './contract.js';
export { BroadcastError, ClientFacingError } from './errors.js';
export type { ErrorCode, ErrorDetails } from './errors.js';
export { parseEvent } from './events.js';
export type {
  ConnectEvent,
  DisconnectEvent,
  GatewayEvent,
  MessageEvent,
  OtherEvent,
  SocketEvent,
  WebSocketEvent,
} from './events.js';
export type { Broadcast } from './fanout/begin.js';
export type {
  BroadcastStatus,
  Dispatched,
  DispatchOptions,
  QueueFanout,
  WatchOptions,
} from './fanout/dispatch.js';
export type { Exception, Where } from './fanout/filter.js';
export type { Forecast } from './fanout/forecast.js';
export type { Goodbye } from './fanout/goodbye.js';
export type { EachData, Plan } from './fanout/plan.js';
export type { SendOptions } from './fanout/send-options.js';
export type { BroadcastSettings } from './fanout/settings.js';
export type { Authorize, Connection } from './handlers/connection-handle.js';
export { refuse } from './handlers/hooks.js';
export type {
  Acceptance,
  Authenticate,
  CallTools,
  ConnectHook,
  ConnectRequest,
  ConnectTools,
  DisconnectHook,
  DisconnectTools,
  Identity,
  MessageHook,
  MessageTools,
  Middleware,
  OtherEventHook,
  OtherEventTools,
  RawMessageHook,
  RawMessageTools,
  Refusal,
} from './handlers/hooks.js';
export type { Origins } from './handlers/origins.js';
export type { GatewayResponse } from './handlers/responses.js';
export type { RoomsOptions } from './handlers/session/options.js';
export { firstConnections } from './first-connections.js';
export type { HeaderLookup } from './headers.js';
export type { FunctionContext, FunctionToken } from './invocation.js';
export type { HistoryOption } from './history/histories.js';
export { checkName } from './names.js';
export type { BroadcastStart, Invocation, InvocationAnswer, ObservedParts, Observer } from './observer.js';
export { presence } from './presence/presence.js';
export type { PresenceOptions, RoomPresence } from './presence/presence.js';
export * from './protocol.js';
export { checkRecord, MAX_RECORD_BYTES } from './records.js';
export type { RecordStore, RecordWriteOptions, StoredRecord } from './records.js';
export { summaryOf } from './report.js';
export type {
  DeliveryReport,
  DeliverySummary,
  FailedDelivery,
  LatencySummary,
  Progress,
  StopReason,
} from './report.js';
export { checkListOptions, checkReadLimit, shardOf } from './store.js';
export type {
  Audience,
  BroadcastAudience,
  ConnectionStore,
  HistoryEntry,
  HistoryLimits,
  HistoryPosition,
  HistoryRead,
  HistoryStore,
  JoinResult,
  ListOptions,
  Page,
  PutResult,
  Shard,
} from './store.js';
export type { AttemptOptions, ConnectionInfo, EncodedPayload, Payload, Transport } from './transport.js';
