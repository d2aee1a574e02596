/**
 * The client for browsers and Node.js, piece by piece:
 *
 *   connect.ts       connect()
 *   core.ts          connect() without rooms, published as `client/core`
 *   presence.ts, roster.ts  who is in a room, published as `client/presence`
 *   page.ts          both as one module, for pages without a build step
 *   react.ts         hooks for React, published as `client/react`
 *   start-client.ts  puts the names that pages use before the pieces
 *   client.ts, room.ts, state.ts, messages.ts, request-error.ts  those names
 *   options.ts       what can be set
 *   session.ts       puts the pieces together
 *   keeper.ts        one connection at a time, back-off, the server's farewell
 *   link.ts          opens a connection, up to the server's welcome
 *   upkeep.ts        keeps it from idling, finds out when it is dead or old
 *   retirement.ts    the connection that has a successor
 *   surroundings.ts  network and tab
 *   outbox.ts        messages on their way to the server
 *   reader.ts        what arrives
 *   rooms.ts         the rooms that the page is in
 *   room-handle.ts   one `join` of a room
 *   room-presence.ts what the server says of who is in it
 *   membership.ts    one of them: in, out, recovered
 *   sequence.ts      its messages in order, each once
 *   seen.ts, random.ts, emitter.ts, clock.ts  small tools
 */
export { connect } from './connect.js';
export { RequestError } from './requests/request-error.js';
export type { Client, CoreClient, RequestOptions, SendOptions } from './client.js';
export type { ClientClock } from './base/clock.js';
export type { Stop } from './base/emitter.js';
export type { Recovery } from './rooms/membership.js';
export type { Received, ReceivedData, ReplyData, SentData } from './requests/message-types.js';
export type { Presence, PresenceChange, PresentUser, RoomPosition } from '../base/protocol.js';
export type { ConnectOptions, Given } from './options.js';
export type { Room } from './rooms/room.js';
export type { WebSocketConstructor, WebSocketLike } from './connection/socket.js';
export type { ClientState, StateChange } from './state.js';
