/**
 * For those who write a store: its types, and what all stores check alike. Its cases are in
 * `yc-broadcast/testing`.
 */
export { BroadcastError } from '../base/errors.js';
export type { ErrorCode, ErrorDetails } from '../base/errors.js';
export type { FunctionContext, InvocationAware } from '../base/invocation.js';
export { checkName } from '../base/names.js';
export { CONNECTION_TTL_MS, MAX_NAME_BYTES } from '../base/protocol.js';
export type { JsonValue, RoomPosition, StatePosition } from '../base/protocol.js';
export type { Attributes, StoredConnection } from '../model/connection.js';
export { checkRecord, MAX_RECORD_BYTES } from '../model/records.js';
export type { RecordStore, RecordWriteOptions, StoredRecord } from '../model/records.js';
export { checkRooms, compareBytes, countRooms, listRooms, MAX_ROOMS } from '../model/several-rooms.js';
export type { RoomListing } from '../model/several-rooms.js';
export {
  checkStateChanges,
  checkStateRead,
  MAX_STATE_BYTES,
  MAX_STATE_CHANGES,
  MAX_STATE_KEYS,
  MAX_STATE_VALUE_BYTES,
  stateTooLarge,
} from '../model/state.js';
export type { StateChange, StateResult, StateStore } from '../model/state.js';
export {
  currentRow,
  EMPTY_HEAD,
  ENDED_ROW_MS,
  isLive,
  readStatePage,
  shownRow,
  startOfPage,
  statePage,
} from '../model/state-page.js';
export type { KeptRow, KeptState, PageStart, StateHead, StoredPage, StoredRow } from '../model/state-page.js';
export { checkListOptions, checkReadLimit, shardOf } from '../model/store.js';
export type {
  Audience,
  CompleteStore,
  ConnectionStore,
  HistoryEntry,
  HistoryLimits,
  HistoryPosition,
  HistoryRead,
  HistoryStore,
  JoinResult,
  ListedConnection,
  ListOptions,
  Page,
  PutResult,
  Shard,
  SingleAudience,
} from '../model/store.js';
