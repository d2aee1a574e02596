export { createApp } from './server/app.js';
export type { App } from './server/app.js';
export type { ErrorReport } from './server/app/log-error.js';
export type { AppOptions } from './server/app/options.js';
export { createBroadcaster } from './server/broadcast.js';
export type { Broadcaster, BroadcasterOptions } from './server/broadcast.js';
export type {
  Attributes,
  AttributesOf,
  IdentifiedConnection,
  Identity,
  StoredConnection,
  UserOf,
} from './model/connection.js';
export { defineContract } from './model/contract.js';
export type { StandardIssue, StandardResult, StandardSchema } from './model/standard-schema.js';
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
  StateMaps,
  StateMapSpec,
} from './model/contract.js';
export { BroadcastError, ClientFacingError } from './base/errors.js';
export type { ErrorCode, ErrorDetails } from './base/errors.js';
export { parseEvent } from './model/events.js';
export type {
  ConnectEvent,
  DisconnectEvent,
  GatewayEvent,
  HttpEvent,
  MessageEvent,
  OtherEvent,
  ParseOptions,
  QueueEvent,
  QueueEventMessage,
  SocketEvent,
  TimerEvent,
  UnknownEvent,
  WebSocketEvent,
} from './model/events.js';
export type { Broadcast } from './server/fanout/begin.js';
export type { DispatchOptions } from './server/fanout/dispatch.js';
export type { Exception, Where } from './server/fanout/filter.js';
export type { Forecast } from './server/fanout/forecast.js';
export type { Goodbye } from './server/fanout/goodbye.js';
export type { QueueFanout } from './server/fanout/queue-fanout.js';
export type { EachData, Target } from './server/fanout/target.js';
export type { SendOptions } from './server/fanout/send-options.js';
export type { BroadcastSettings } from './server/fanout/settings.js';
export type { Authorize, Connection } from './server/handlers/connection-handle.js';
export { refuse } from './server/handlers/hooks.js';
export type {
  Acceptance,
  Authenticate,
  CallTools,
  ConnectHook,
  ConnectRequest,
  ConnectTools,
  DisconnectHook,
  DisconnectTools,
  MessageHook,
  MessageTools,
  Middleware,
  OtherEventHook,
  OtherEventTools,
  RawMessageHook,
  RawMessageTools,
  Refusal,
} from './server/handlers/hooks.js';
export type { Origins } from './server/handlers/origins.js';
export type { GatewayResponse } from './server/handlers/responses.js';
export type { RoomsOptions } from './server/handlers/session/options.js';
export { sweep } from './server/sweep.js';
export type { SweepOptions, SweepReport } from './server/sweep.js';
export type { SharedOptions, SharedRoomsOptions } from './server/shared-options.js';
export { firstConnections } from './model/first-connections.js';
export type { HeaderLookup } from './base/headers.js';
export type { FunctionContext, FunctionToken } from './base/invocation.js';
export type { HistoryOption } from './server/history/histories.js';
export type { RecentMessage } from './server/history/recent.js';
export type { BroadcastStatus, Dispatched, WatchOptions } from './model/dispatched-broadcast.js';
export type {
  BroadcastStart,
  Invocation,
  InvocationAnswer,
  ObservedDeps,
  Observer,
} from './model/observer.js';
export { presence } from './server/presence/presence.js';
export type { PresenceOptions, RoomPresence } from './server/presence/presence.js';
export { BYE_CODES } from './base/protocol.js';
export type { JsonValue, RoomPlace, RoomPosition } from './base/protocol.js';
export { summaryOf } from './model/report.js';
export type {
  DeliveryReport,
  DeliverySummary,
  FailedDelivery,
  LatencySummary,
  Progress,
  SendReport,
  StopReason,
} from './model/report.js';
export type { BroadcastAudience, ConnectionStore, HistoryLimits } from './model/store.js';
export type { Payload, Transport } from './model/transport.js';
