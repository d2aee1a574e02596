import type { Broadcaster } from '../broadcast.js';
import type { FunctionContext } from '../../base/invocation.js';
import type { Contract } from '../../model/contract.js';
import {
  claimedEventType,
  otherEventOf,
  parseEvent,
  queueEventOf,
  type GatewayEvent,
  type OtherEvent,
  type WebSocketEvent,
} from '../../model/events.js';
import { through, type Observer } from '../../model/observer.js';
import type { CallTools } from '../handlers/hooks.js';
import {
  empty,
  errorReply,
  errorResponse,
  isExpected,
  statusOf,
  toClientError,
  type GatewayResponse,
} from '../handlers/responses.js';
import { createRollback, letsIn } from '../handlers/rollback.js';
import type { AppDeps } from './deps.js';
import { handleOtherEvent } from './other-events.js';
import type { HandleSocketEvent } from './socket-events.js';

interface HandlerDeps<K extends Contract> extends AppDeps<K> {
  readonly observe: readonly Observer[];
  readonly handleSocketEvent: HandleSocketEvent<K>;
}

/** What the platform calls. */
type Handler = (event: unknown, context?: FunctionContext) => Promise<GatewayResponse>;

export function createHandler<K extends Contract>({
  settings,
  contract,
  broadcaster,
  registry,
  observe,
  onError,
  handleSocketEvent,
}: HandlerDeps<K>): { readonly handler: Handler; readonly worker: Handler } {
  const { fanout } = settings.broadcast;
  const { hooks, middlewares } = registry;
  const observers = observe.map((observer) => observer.invocation<GatewayResponse>);

  async function handler(raw: unknown, context: FunctionContext = {}): Promise<GatewayResponse> {
    let event: GatewayEvent;
    try {
      event = parseEvent(raw, settings.now(), settings);
    } catch (error) {
      onError({ error, during: 'event', requestId: context.requestId });
      const shown = toClientError(error);
      // Whatever it is, the answer to a message goes to the client as a message.
      return claimedEventType(raw) === 'MESSAGE' ? errorReply(undefined, shown) : errorResponse(400, shown);
    }
    return event.kind === 'other' ? handleTriggered(event, context) : handleSocket(event, context);
  }

  async function handleTriggered(event: OtherEvent, context: FunctionContext): Promise<GatewayResponse> {
    let left = event;
    if (event.type === 'queue' && fanout !== undefined) {
      const { jobs, others } = fanout.split(event.raw);
      if (jobs !== undefined) {
        const answer = await worker(jobs, context);
        if (others === undefined) return answer;
        left = otherEventOf(others);
      }
    }
    const tools = toolsOf(broadcaster.during(context), context);
    return through(observers, { event: left, context, contract }, () =>
      handleOtherEvent(hooks.onOtherEvent, left, tools),
    );
  }

  async function handleSocket(event: WebSocketEvent, context: FunctionContext): Promise<GatewayResponse> {
    const tools = toolsOf(broadcaster.during(context), context);
    const rollback = createRollback((error) => {
      onError({ error, during: 'connect, taking it back', requestId: context.requestId });
    });
    const handle = () =>
      through(middlewares, { event, context }, () => handleSocketEvent(event, tools, rollback));
    try {
      const response = await through(observers, { event, context, contract }, handle);
      if (!letsIn(response)) await rollback.run();
      return response;
    } catch (error) {
      await rollback.run();
      if (!isExpected(error))
        onError({ error, during: event.kind, requestId: context.requestId ?? event.requestId });
      return failure(event, error);
    }
  }

  function worker(raw: unknown, context: FunctionContext = {}): Promise<GatewayResponse> {
    const event = queueEventOf(raw);
    return through(observers, { event, context, contract }, async () => {
      await broadcaster.during(context).work(raw);
      return empty();
    });
  }

  return { handler, worker };
}

function toolsOf<K extends Contract>(broadcaster: Broadcaster<K>, context: FunctionContext): CallTools<K> {
  const { to, toUser, toConnection, toAll, state } = broadcaster;
  return { broadcaster, context, to, toUser, toConnection, toAll, state };
}

/**
 * A refused connect has a status; the answer to a message is a message; nobody reads the answer to a
 * disconnect.
 */
function failure(event: WebSocketEvent, error: unknown): GatewayResponse {
  const shown = toClientError(error);
  if (event.kind === 'connect') return errorResponse(statusOf(error), shown);
  return event.kind === 'message' ? errorReply(undefined, shown) : empty();
}
