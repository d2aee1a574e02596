/**
 * Everything that is measured and traced, by name. Names without `yc_broadcast` are those of OpenTelemetry's
 * semantic conventions 1.45.0; a test compares them with the published list, another one with the tables of
 * docs/observability.md and the panels of deploy/observe.
 */

/** Attributes of the conventions. */
export const ATTRIBUTES = {
  trigger: 'faas.trigger',
  invocationId: 'faas.invocation.id',
  coldStart: 'faas.coldstart',
  functionName: 'faas.name',
  functionVersion: 'faas.version',
  route: 'http.route',
  status: 'http.response.status_code',
  userHash: 'user.hash',
  errorType: 'error.type',
  messagingSystem: 'messaging.system.name',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  destination: 'messaging.destination.template',
  messageCount: 'messaging.batch.message_count',
  messageId: 'messaging.message.id',
  dbSystem: 'db.system.name',
  dbOperation: 'db.operation.name',
  dbRows: 'db.response.returned_rows',
} as const;

/** Where the conventions have no word. */
export const OWN_ATTRIBUTES = {
  event: 'yc_broadcast.event',
  messageType: 'yc_broadcast.message.type',
  outcome: 'yc_broadcast.outcome',
  closeCode: 'yc_broadcast.close_code',
  connectionHash: 'yc_broadcast.connection.hash',
  roomHash: 'yc_broadcast.room.hash',
  delivered: 'yc_broadcast.delivered',
  stale: 'yc_broadcast.stale',
  failed: 'yc_broadcast.failed',
  skipped: 'yc_broadcast.skipped',
  attempts: 'yc_broadcast.attempts',
  retries: 'yc_broadcast.retries',
  stoppedBy: 'yc_broadcast.stopped_by',
  attempt: 'yc_broadcast.attempt',
} as const;

export const MESSAGING_SYSTEM = 'yc_apigateway_websocket';

const A = { ...ATTRIBUTES, ...OWN_ATTRIBUTES };

export interface MetricDescription {
  readonly name: string;
  readonly kind: 'counter' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
}

/** Upper bounds of histograms in seconds: those of the conventions. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const CALL = [A.trigger, A.event];
const MESSAGING = [A.messagingSystem, A.messagingOperation, A.messagingOperationType];

export const METRICS = {
  invokeDuration: {
    name: 'faas.invoke_duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time that a call of the handler took.',
    attributes: [...CALL, A.messageType, A.outcome, A.errorType],
  },
  invocations: {
    name: 'faas.invocations',
    kind: 'counter',
    unit: '{invocation}',
    description:
      'Calls of the handler that were not broken: answered, or refused for a reason of the client.',
    attributes: CALL,
  },
  errors: {
    name: 'faas.errors',
    kind: 'counter',
    unit: '{error}',
    description: 'Calls of the handler in which something was broken.',
    attributes: [...CALL, A.errorType],
  },
  coldStarts: {
    name: 'faas.coldstarts',
    kind: 'counter',
    unit: '{coldstart}',
    description: 'First calls of an instance.',
    attributes: CALL,
  },
  broadcastDuration: {
    name: 'yc_broadcast.broadcast.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the listing of the audience to the report.',
    attributes: [A.destination, A.stoppedBy, A.errorType],
  },
  sentMessages: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Recipients of broadcasts that were tried; with an error type, those that were not reached.',
    attributes: [...MESSAGING, A.destination, A.errorType],
  },
  skipped: {
    name: 'yc_broadcast.broadcast.skipped',
    kind: 'counter',
    unit: '{recipient}',
    description: 'Recipients of broadcasts that were not tried, because time was up or the caller said stop.',
    attributes: [A.destination, A.stoppedBy],
  },
  retries: {
    name: 'yc_broadcast.broadcast.retries',
    kind: 'counter',
    unit: '{retry}',
    description: 'Attempts after the first.',
    attributes: [A.destination],
  },
  sentBytes: {
    name: 'yc_broadcast.broadcast.io',
    kind: 'counter',
    unit: 'By',
    description: 'Payload bytes that the gateway accepted.',
    attributes: [A.destination],
  },
  gatewayDuration: {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time of one attempt at the gateway: send, get or disconnect.',
    attributes: [...MESSAGING, A.errorType],
  },
  storeDuration: {
    name: 'db.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time of one operation of the store.',
    attributes: [A.dbSystem, A.dbOperation, A.errorType],
  },
} as const satisfies Record<string, MetricDescription>;

export interface SpanDescription {
  readonly name: string;
  readonly kind: 'SERVER' | 'INTERNAL' | 'CLIENT';
  readonly parent: string;
  readonly attributes: readonly string[];
}

export const SPANS = {
  invocation: {
    name: '{event} {http.route}',
    kind: 'SERVER',
    parent: 'what is active, usually nothing',
    attributes: [
      A.trigger,
      A.event,
      A.messageType,
      A.route,
      A.status,
      A.outcome,
      A.errorType,
      A.coldStart,
      A.invocationId,
      A.functionName,
      A.functionVersion,
      A.connectionHash,
      A.userHash,
      A.closeCode,
    ],
  },
  broadcast: {
    name: 'broadcast {messaging.destination.template}',
    kind: 'INTERNAL',
    parent: 'the invocation',
    attributes: [
      ...MESSAGING,
      A.destination,
      A.roomHash,
      A.userHash,
      A.connectionHash,
      A.messageId,
      A.messageCount,
      A.delivered,
      A.stale,
      A.failed,
      A.skipped,
      A.attempts,
      A.retries,
      A.stoppedBy,
      A.errorType,
    ],
  },
  attempt: {
    name: '{messaging.operation.name}',
    kind: 'CLIENT',
    parent: 'the broadcast, or the invocation',
    attributes: [...MESSAGING, A.connectionHash, A.attempt, A.errorType],
  },
  store: {
    name: '{db.operation.name}',
    kind: 'CLIENT',
    parent: 'the broadcast, or the invocation',
    attributes: [A.dbSystem, A.dbOperation, A.dbRows, A.errorType],
  },
} as const satisfies Record<string, SpanDescription>;
