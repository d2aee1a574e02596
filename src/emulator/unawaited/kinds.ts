/** Something that a call has begun. */
export interface PendingWork {
  readonly noun: string;
  isPending(): boolean;
  /** Whether one callback is the end of it. */
  readonly endsAfterCallback: boolean;
}

/** What one call has begun, by async id, or by a key of another kind. */
export type BegunWork = Map<unknown, PendingWork>;

/** Requests of Node.js to the operating system, by the type that `async_hooks` gives them. */
const REQUESTS: Readonly<Record<string, string>> = {
  FSREQCALLBACK: 'file operation',
  FSREQPROMISE: 'file operation',
  GETADDRINFOREQWRAP: 'lookup of a host name',
  TCPCONNECTWRAP: 'connection being made',
  PIPECONNECTWRAP: 'connection being made',
};

/** What a new async resource means, if it is work that somebody may wait for. */
export function kindOf(type: string, resource: object): PendingWork | undefined {
  if (type === 'Timeout' || type === 'Immediate') {
    return { noun: 'timer', isPending: () => isPendingTimer(resource), endsAfterCallback: false };
  }
  if (type === 'HTTP2STREAM') {
    return { noun: 'HTTP/2 request', isPending: () => isOpenStream(resource), endsAfterCallback: false };
  }
  const noun = REQUESTS[type];
  return noun === undefined ? undefined : { noun, isPending: () => true, endsAfterCallback: true };
}

/** One that keeps no process alive is house-keeping, such as a keep-alive timeout. */
function isPendingTimer(timer: object): boolean {
  const { _destroyed, hasRef } = timer as { _destroyed?: boolean; hasRef?(): boolean };
  return _destroyed !== true && hasRef?.call(timer) === true;
}

/** The resource is the inner handle; the stream that a program sees is behind a symbol of it. */
function isOpenStream(handle: object): boolean {
  const owner = Object.getOwnPropertySymbols(handle).find(
    ({ description }) => description === 'owner_symbol',
  );
  const stream: unknown = owner === undefined ? undefined : Reflect.get(handle, owner);
  return typeof stream === 'object' && stream !== null && Reflect.get(stream, 'destroyed') === false;
}
