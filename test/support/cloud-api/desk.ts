/**
 * What all services of the stand-in have in common: who may call, what goes wrong on request, and operations.
 */
import { randomBytes } from 'node:crypto';
import { status, type handleUnaryCall, type ServerUnaryCall } from '@grpc/grpc-js';
import { operation } from 'yandex-cloud-sdk-3/operation';

export interface Failure {
  readonly code: status;
  readonly message: string;
  /** `call`: the call is refused; `operation`: it begins and fails. */
  readonly in: 'call' | 'operation';
}

/** A message class of the SDK, as far as operations need it. */
interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
}

export interface Desk {
  readonly token: string;
  /** `Service/Method` of every call, in order; without those that ask about operations. */
  readonly calls: string[];
  /** What the next call of a method meets. */
  readonly failures: Map<string, Failure>;
  readonly operations: Map<string, () => operation.Operation>;
  newId(prefix: string): string;
  /** Answers calls of `Service/Method`: refuses strangers and what a failure is planned for. */
  handle<Q, A>(method: string, answer: (request: Q, method: string) => A): handleUnaryCall<Q, A>;
  /** Begins what takes a while. `carryOut` is called when it is done, and gives what it made. */
  operate<T>(method: string, name: string, type: MessageType<T>, carryOut: () => T): operation.Operation;
}

export class Refusal extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

/** @param polls How often an operation is asked about before it is done. */
export function createDesk(token: string, polls: number): Desk {
  const calls: string[] = [];
  const failures = new Map<string, Failure>();
  const operations = new Map<string, () => operation.Operation>();

  function takeFailure(method: string, place: Failure['in']): Failure | undefined {
    const failure = failures.get(method);
    if (failure?.in !== place) return undefined;
    failures.delete(method);
    return failure;
  }

  function admit(method: string, call: ServerUnaryCall<unknown, unknown>): void {
    calls.push(method);
    const isStranger = call.metadata.get('authorization')[0] !== `Bearer ${token}`;
    if (isStranger) throw new Refusal(status.UNAUTHENTICATED, 'The token is invalid');
    const failure = takeFailure(method, 'call');
    if (failure !== undefined) throw new Refusal(failure.code, failure.message);
  }

  return {
    token,
    calls,
    failures,
    operations,
    newId: (prefix) => prefix + randomBytes(8).toString('hex'),
    handle: (method, answer) => (call, callback) => {
      try {
        admit(method, call);
        callback(null, answer(call.request, method));
      } catch (reason) {
        const { code = status.INTERNAL, message } = reason as Partial<Refusal>;
        callback({ code, details: String(message) });
      }
    },
    operate(method, name, type, carryOut) {
      const id = `op-${randomBytes(8).toString('hex')}`;
      const failure = takeFailure(method, 'operation');
      let asked = 0;
      let made: Uint8Array | undefined;
      const look = (): operation.Operation => {
        const isDone = asked++ >= polls;
        if (!isDone) return operation.Operation.fromPartial({ id, done: false });
        if (failure !== undefined) {
          const { code, message } = failure;
          return operation.Operation.fromPartial({ id, done: true, error: { code, message } });
        }
        made ??= type.encode(carryOut()).finish();
        const response = { typeUrl: `type.googleapis.com/${name}`, value: Buffer.from(made) };
        return operation.Operation.fromPartial({ id, done: true, response });
      };
      operations.set(id, look);
      return look();
    },
  };
}

/**
 * A page of a listing, filtered by name as the API documents it. Pages are small, so that clients have to
 * turn them.
 */
export function pageOf<T extends { readonly name: string; readonly folderId: string }>(
  all: Iterable<T>,
  { folderId, filter, pageToken }: { folderId: string; filter: string; pageToken: string },
): { items: T[]; nextPageToken: string } {
  const name = /^name ?= ?"(.*)"$/.exec(filter)?.[1];
  if (filter !== '' && name === undefined)
    throw new Refusal(status.INVALID_ARGUMENT, `Illegal filter ${filter}`);
  const found = [...all].filter(
    (item) => item.folderId === folderId && (name === undefined || item.name === name),
  );
  const start = Number(pageToken);
  const end = start + PAGE_SIZE;
  return { items: found.slice(start, end), nextPageToken: end < found.length ? String(end) : '' };
}

const PAGE_SIZE = 2;

export function found<T>(map: ReadonlyMap<string, T>, id: string, what: string): T {
  const item = map.get(id);
  if (item === undefined) throw new Refusal(status.NOT_FOUND, `${what} ${id} not found`);
  return item;
}

export function refuseTaken(all: Iterable<{ readonly name: string }>, name: string, what: string): void {
  const isTaken = [...all].some((item) => item.name === name);
  if (isTaken) throw new Refusal(status.ALREADY_EXISTS, `${what} with name ${name} already exists`);
}
