/**
 * The local gateway, piece by piece:
 *
 *   emulator.ts        startEmulator(): puts the pieces together
 *   emulator-api.ts, controls.ts  what a test or the command line does with it
 *   options.ts         what can be set
 *   clock.ts           the machine's time, or one that a test moves
 *   quiet.ts           when nothing is under way any more
 *
 *   listening/         ports, without and with TLS, and a certificate for this machine
 *   routing/           paths with parameters, and which function stands behind which
 *   spec/              the gateway's specification: variables, operations, integrations, security
 *   authorization/     who may: function authorizers, JSON Web Tokens, what they have said before
 *   sockets/           gateway.ts is the WebSocket side: handshakes, frames and their limits, messages, ends
 *   http/              plain HTTP paths of the specification, and pages beside the gateway
 *   events/            what functions get: events in each format, and the `context` of a call
 *   calls/             calls of functions, counted, and killed where a fault says so
 *   instances/         functions in processes: hosted-function.ts is one function, pool.ts chooses who takes a call,
 *                      start-instance.ts is one of them, worker/ what runs inside, wire.ts what the two say to each other
 *   code/              from the source of a function to what an instance loads
 *   unawaited/         what a call has begun and not finished
 *   management/        the connection management API: Get, Send, Disconnect; rest.ts and grpc.ts are how it looks
 *                      on the wire, desk.ts takes its requests
 *   document-store/    a store that instances share: what ydbStore asks of YDB, in memory
 *   queue/             Message Queue: queue.ts is one queue, queue-api.ts what can be done with it, server.ts
 *                      answers clients in two protocols, trigger.ts reads a queue for a function or sockets
 *   timers/            functions that are called again and again
 *   redirect/          code written for the cloud reaches this gateway: hosts.ts says which addresses, tunnel.ts and
 *                      preload.ts how they lead here, metadata.ts gives out the token, redirect.ts the environment
 *   profile/           what is assumed where the documentation is silent, and what a profile says instead
 *   faults/            what goes wrong on purpose: kinds, decisions, textual form, presets
 *   timeline/          what happened, and asking for a part of it
 *   library/           what the library in a function says of its rooms and broadcasts
 *   control/           what the inspector and the command line see and do
 *   page/              the inspector
 *   test-clients/      real sockets in the hands of a test
 */
export type { ConnectionPage, ConnectionRow } from './control/connections.js';
export type { FaultPage } from './control/faults.js';
export type { Invoked } from './control/invoke.js';
export type { QueuePage, QueueRow } from './control/queues.js';
export type { Status } from './control/status.js';
export type { TimelinePage } from './control/timeline.js';
export type { StoreAccess } from './document-store/access.js';
export { startEmulator } from './emulator.js';
export type { Emulator, InspectorAccess } from './emulator-api.js';
export type { Fault, FaultPoint, SendFault } from './faults/fault.js';
export { FAULT_PRESETS, presetNamed, type FaultPreset } from './faults/presets.js';
export type { ActiveFault, Faults } from './faults/table.js';
export { formatFault, parseFaults, type FaultText } from './faults/text.js';
export type { FunctionOutput } from './instances/host.js';
export type { InstanceInfo, Instances } from './instances/controls.js';
export type { InstanceState } from './instances/instance.js';
export type { FunctionSource } from './instances/settings.js';
export type { FunctionTarget } from './calls/function-target.js';
export type { FunctionHandler } from './calls/invoker.js';
export type { TlsAccess } from './listening/listen.js';
export type { GrpcErrors } from './management/grpc.js';
export type { MessageOrder } from './sockets/messages.js';
export type { EmulatorOptions } from './options.js';
export type { LocalQueue, LocalQueueAccess } from './queue/access.js';
export type { BroadcastTrigger, FunctionTrigger, QueueOptions, TriggerOptions } from './queue/options.js';
export type { QueueCounts } from './queue/queue-api.js';
export type { MessageAttribute, ReceivedMessage } from './queue/trigger-event.js';
export type { TriggerSummary } from './queue/triggers.js';
export type { Profile, ProfileEntry } from './profile/profile.js';
export type { RedirectAccess } from './redirect/redirect.js';
export type {
  TestClientOptions,
  ReceivedFrame,
  HandshakeAnswer,
  TestClient,
} from './test-clients/test-client.js';
export type { TimerOptions } from './timers/options.js';
export type { TimelineEntry } from './timeline/timeline.js';
export type { TimelineQuery } from './timeline/query.js';
