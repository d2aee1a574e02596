/** Sends that go wrong on purpose, in a kit that has no wire. */
import type { Fault, SendFault } from '../../emulator/faults/fault.js';
import { createFaults, type ActiveFault, type FaultTable, type Strike } from '../../emulator/faults/table.js';
import { abortedError, BroadcastError } from '../../base/errors.js';
import type { AttemptOptions } from '../../model/transport.js';
import { codeOfHttpStatus } from '../../transports/outcome.js';

/**
 * Makes sends of the kit go wrong, decided as in the local gateway. What else can go wrong needs that one.
 */
export interface KitFaults {
  /** Takes effect at once. Returns its id. Throws `INVALID_OPTIONS` that names the field. */
  add(fault: SendFault): number;
  /** What is in force, in the order in which it is asked. */
  list(): readonly ActiveFault[];
  /** Takes one fault away; `false` when there is none with this id. */
  remove(id: number): boolean;
  clear(): void;
}

export function createKitFaults(): { readonly faults: KitFaults; readonly decide: FaultTable['decide'] } {
  const { add, list, remove, clear, decide } = createFaults(1);
  function addSend(fault: SendFault): number {
    if (isOfSends(fault)) return add(fault);
    throw new BroadcastError(
      'INVALID_OPTIONS',
      'faults.add.on: the test kit has faults of sends; for other points use startEmulator of yc-broadcast/emulator',
    );
  }
  return { faults: { add: addSend, list, remove, clear }, decide };
}

/** Code without types may ask for any. */
function isOfSends({ on }: Fault): boolean {
  return on === 'send';
}

/** What a send that is struck can do to its connection. */
export interface StruckSend {
  /** Puts the frame on the socket, or throws that there is no such connection. */
  deliver(): void;
  /** Cuts the socket. */
  cut(): void;
}

/**
 * Lets a send end as the fault says. A `hang` takes as long as the attempt may, and a delay counts as part of
 * it.
 */
export async function strikeSend(
  { status, delayMs = 0, retryAfterSeconds }: Strike<'send'>['fault'],
  send: StruckSend,
  options: AttemptOptions,
  closing: AbortSignal,
): Promise<void> {
  if (status === 'hang' || delayMs >= options.timeoutMs) throw await silence(options, closing);
  if (delayMs > 0) await pause(delayMs, options, closing);
  if (status === undefined || status === 'answer-lost') send.deliver();
  if (status === undefined) return;
  if (status === 'gone') send.cut();
  if (status === 'answer-lost' || status === 'reset')
    throw new BroadcastError('NO_ANSWER', 'the request was cut off by an injected fault');
  const answer = status === 'gone' ? 404 : status;
  throw new BroadcastError(
    codeOfHttpStatus(answer),
    `the gateway answered ${answer}: an injected fault`,
    retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 },
  );
}

async function pause(delayMs: number, { signal }: AttemptOptions, closing: AbortSignal): Promise<void> {
  const end = await silence({ timeoutMs: delayMs, signal }, closing);
  const isOver = signal?.aborted === true || closing.aborted;
  if (isOver) throw end;
}

/** How an attempt ends that gets no answer: with its time, its signal or the transport. */
function silence({ timeoutMs, signal }: AttemptOptions, closing: AbortSignal): Promise<BroadcastError> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      end(new BroadcastError('NO_ANSWER', `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const onAbort = (): void => {
      end(abortedError());
    };
    const onClose = (): void => {
      end(new BroadcastError('NO_ANSWER', 'the transport was closed'));
    };
    function end(error: BroadcastError): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      closing.removeEventListener('abort', onClose);
      resolve(error);
    }
    signal?.addEventListener('abort', onAbort);
    closing.addEventListener('abort', onClose);
  });
}
