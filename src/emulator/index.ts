/**
 * The local gateway, piece by piece:
 *
 *   emulator.ts        startEmulator(): puts the pieces together
 *   emulator-api.ts, controls.ts  what a test or the command line does with it
 *   options.ts         what can be set
 *   choose-routes.ts   which function for which path
 *   spec/              the gateway's specification: variables, operations, integrations, security
 *   authorization/     who may: function authorizers, JSON Web Tokens, what they have said before
 *   gateway.ts         sockets: opening, closing, frames
 *   upgrade.ts, connect-call.ts, refuse-upgrade.ts  handshakes
 *   messages.ts        what becomes of a client's message
 *   disconnects.ts     telling functions that connections have ended
 *   calls.ts           calls of functions, counted, and killed where a fault says so
 *   http-operations.ts, http-event.ts, http-answer.ts  plain HTTP paths of the specification
 *   gateway-log.ts     what the timeline says of them
 *   connections.ts     the table of open sockets, their life and idleness
 *   frame-limits.ts    what a client may send at once
 *   event-builder.ts   CONNECT, MESSAGE and DISCONNECT as functions get them
 *   request-facts.ts   what the gateway knows of a request
 *   operation-facts.ts  what the specification adds to them
 *   functions.ts       what stands behind a route: a handler of this process, or instances
 *   invoker.ts         calls a function in this process
 *   instances/         functions in worker threads: hosted-function.ts is one function, pool.ts chooses who takes a call,
 *                      start-instance.ts is one of them, worker/ what runs inside, wire.ts what the two say to each other
 *   document-store/    a store that instances share: what ydbStore asks of YDB, in memory
 *   unawaited/         what a call has begun and not finished
 *   code/              from the source of a function to what an instance loads
 *   function-context.ts  the `context` of a call
 *   management.ts      the connection management API: Get, Send, Disconnect
 *   management-rest.ts, management-grpc.ts, grpc-messages.ts  how it looks on the wire
 *   management-desk.ts takes its requests, whichever way they come
 *   refusal.ts         why it does not do what it was asked
 *   faults/            what goes wrong on purpose: kinds, decisions, textual form, presets
 *   listen.ts          what the gateway listens on
 *   ports.ts           a port, without and with TLS
 *   redirect/          code written for the cloud reaches this gateway: hosts.ts says which addresses, tunnel.ts and
 *                      preload.ts how they lead here, metadata.ts gives out the token, redirect.ts the environment
 *   certificate.ts, der.ts  a certificate for this machine
 *   routes.ts          paths with parameters
 *   pages.ts, static-files.ts  pages beside the gateway
 *   client-bundle.ts   the client as one module, for pages without a build step
 *   quiet.ts           when nothing is under way any more
 *   clock.ts           the machine's time, or one that a test moves
 *   timeline.ts        what happened
 *   library.ts         hears what the library in a function says of rooms and broadcasts
 *   broadcasts.ts      what was reported of each broadcast, and what the sockets got
 *   broadcast-header.ts  which one a send belongs to
 *   timeline-filter.ts, timeline-query.ts  ask for a part of it
 *   rooms.ts           who is in which room, as the library in a function tells
 *   control/           what the inspector and the command line see and do
 *   page/              the inspector
 *   test-client.ts, test-clients.ts  real sockets in the hands of a test
 */
export type { ConnectionPage, ConnectionRow } from './control/connections.js';
export type { FaultPage } from './control/faults.js';
export type { Invoked } from './control/invoke.js';
export type { Status } from './control/status.js';
export type { TimelinePage } from './control/timeline.js';
export type { StoreAccess } from './document-store/access.js';
export { startEmulator } from './emulator.js';
export type { Emulator, InspectorAccess } from './emulator-api.js';
export type { Fault, FaultPoint, SendFault } from './faults/fault.js';
export { FAULT_PRESETS, presetNamed, type FaultPreset } from './faults/presets.js';
export type { ActiveFault, Faults } from './faults/table.js';
export { formatFault, parseFaults, type FaultText } from './faults/text.js';
export type { FunctionOutput } from './instances/hosted-function.js';
export type { InstanceInfo, Instances } from './instances/controls.js';
export type { InstanceState } from './instances/instance.js';
export type { FunctionSource } from './instances/settings.js';
export type { FunctionHandler } from './invoker.js';
export type { TlsAccess } from './listen.js';
export type { GrpcErrors } from './management-grpc.js';
export type { EmulatorOptions, FunctionTarget } from './options.js';
export type { RedirectAccess } from './redirect/redirect.js';
export type { ConnectOptions, Frame, HandshakeAnswer, TestClient } from './test-client.js';
export type { TimelineEntry } from './timeline.js';
export type { TimelineQuery } from './timeline-query.js';
