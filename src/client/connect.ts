import type { Contract } from '../contract.js';
import {
  CONNECTION_IDLE_MS,
  ERROR_TYPE,
  PROTOCOL_VERSION,
  REPLY_TYPE,
  type ByeMessage,
  type ErrorMessage,
  type NumberedMessage,
  type ReplyMessage,
  type ServerMessage,
} from '../protocol.js';
import type { Client } from './client.js';
import { createEmitter } from './emitter.js';
import { createKeeper } from './keeper.js';
import type { Link, Welcomed } from './link.js';
import { settingsOf, type ConnectOptions } from './options.js';
import { createOutbox } from './outbox.js';
import { randomText } from './random.js';
import { fromServer, RequestError } from './request-error.js';
import { createRooms } from './rooms.js';
import { createSeen } from './seen.js';
import type { StateChange } from './state.js';
import { watchSurroundings } from './surroundings.js';
import { createUpkeep } from './upkeep.js';
