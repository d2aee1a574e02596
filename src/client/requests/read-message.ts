import {
  ERROR_TYPE,
  REPLY_TYPE,
  type ByeMessage,
  type ErrorMessage,
  type NumberedMessage,
  type ReplyMessage,
  type ServerMessage,
} from '../../base/protocol.js';
import { parseJson } from '../../base/json.js';
import type { Emitter } from '../base/emitter.js';
import type { ClientSocket } from '../connection/link.js';
import type { RequestQueue } from './request-queue.js';
import { fromServer, type RequestError } from './request-error.js';
import type { Rooms } from '../rooms/rooms.js';
import { createDedup } from '../rooms/dedup.js';

export interface ReaderDeps {
  readonly requestQueue: RequestQueue;
  readonly rooms: Rooms | undefined;
  readonly emitter: Emitter;
  /** Whether broadcasts on this connection are to be ignored. */
  readonly isMuted: (link: ClientSocket) => boolean;
  readonly onBye: (link: ClientSocket, data: Partial<ByeMessage['data']>) => void;
  /** The server does not know the connection any more. */
  readonly onStale: (link: ClientSocket) => void;
  /** An error that answers nothing that anybody waits for. */
  readonly onError: (error: RequestError) => void;
}

/** Ids of broadcasts without a number that are remembered: a retried send can bring one twice. */
const MOST_SEEN = 1000;

/** Whatever the server sends. */
type Frame = ReplyMessage | ErrorMessage | ByeMessage | NumberedMessage | ServerMessage;

/** Takes what arrives, on whichever connection, to where it belongs. */
export function createReader(parts: ReaderDeps): (text: string, link: ClientSocket) => void {
  const { requestQueue, rooms, emitter } = parts;
  const isSeen = createDedup(MOST_SEEN);

  function handleError({ replyTo, error }: ErrorMessage, link: ClientSocket): void {
    const failure = fromServer(error);
    if (!requestQueue.answer(replyTo, failure) && replyTo === undefined) parts.onError(failure);
    if (failure.code === 'CONNECTION_STALE') parts.onStale(link);
  }

  function handleBroadcast(frame: ServerMessage): void {
    if (rooms !== undefined && 'offset' in frame && rooms.hear(frame as NumberedMessage)) return;
    if (isSeen(frame.id)) return;
    rooms?.notify(frame);
    emitter.emit(frame.type, frame.data, frame);
  }

  return (text, link) => {
    const frame = parseJson(text) as Frame | undefined;
    // What is no message of ours, for example a page of the gateway's, says nothing to us.
    const type: unknown = frame?.type;
    if (frame == null || typeof type !== 'string') return;
    if (type === REPLY_TYPE)
      requestQueue.answer((frame as ReplyMessage).replyTo, (frame as ReplyMessage).data);
    else if (type === ERROR_TYPE) handleError(frame as ErrorMessage, link);
    else if (type === '$bye') parts.onBye(link, (frame as Partial<ByeMessage>).data ?? {});
    // Nobody listens to types that begin with `$` and are of a later version of the protocol.
    else if (!parts.isMuted(link)) handleBroadcast(frame as ServerMessage);
  };
}
