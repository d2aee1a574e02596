/**
 * The client for browsers and Node.js, piece by piece:
 *
 *   connect.ts   connect(); core.ts the same without rooms, published as `client/core`
 *   presence.ts  who is in a room, published as `client/presence`
 *   react.ts     hooks for React, published as `client/react`
 *   native.ts    hears the platform's own broadcast
 *   page.ts      the client and what stands beside it as one module, for pages without a build step
 *   state.ts     what a room holds (state/ keeps the copy), published as `client/state`
 *   client.ts, client-state.ts, options.ts  the names that pages use
 *
 *   connection/  session.ts puts the pieces together, start-client.ts puts the public names before them;
 *                connection-manager.ts keeps one connection open (reconnect-delay.ts), socket.ts opens one up to the
 *                server's welcome, heartbeat.ts finds out when it is dead or old, draining.ts ends the one that has a
 *                successor, page-visibility.ts watches network and tab
 *   requests/    request-queue.ts: messages on their way to the server (pending.ts: in which order, send-window.ts: how
 *                many at once, outgoing.ts: one of them); read-message.ts: what arrives
 *   rooms/       rooms.ts: the rooms that the page is in; room-entry.ts: one of them, put together of membership.ts (in or
 *                out), catch-up.ts (nothing missing), sequence.ts (in order, each once), room-presence.ts (who is there);
 *                room-handle.ts: one `join` of it
 *   base/        clock, emitter, random digits, bytes
 */
export { connect } from './connect.js';
export { RequestError } from './requests/request-error.js';
export type { Client, CoreClient, RequestOptions, MessageOptions } from './client.js';
export type { ClientClock } from './base/clock.js';
export type { Stop } from './base/emitter.js';
export type { Recovery } from './rooms/catch-up.js';
export type { Received, ReceivedData, ReplyData, SentData } from './requests/message-types.js';
export type { Presence, PresenceChange, PresentUser, RoomPosition } from '../base/protocol.js';
export type { ConnectOptions, Given } from './options.js';
export type { JoinOptions, Room } from './rooms/room.js';
export type { WebSocketConstructor, WebSocketLike } from './connection/socket.js';
export type { ClientState, ClientStateChange } from './client-state.js';
