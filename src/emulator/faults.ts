import * as z from 'zod';
import { parseOptions } from '../options.js';

/** Something that goes wrong on purpose. */
export interface Fault {
  /** Where: `send` is `Connection.Send`, over REST and gRPC alike. */
  readonly on: 'send';
  /** Id of the connection that is concerned; every connection when it is not given. */
  readonly connection?: string | undefined;
  /**
   * What happens instead of the send: an HTTP status from 400 to 599, answered over gRPC by the code that goes with it;
   * `hang`, no answer ever; or `reset`, the request is cut off. In no case does the message reach the socket.
   */
  readonly status: number | 'hang' | 'reset';
  /** How many times, before all is well again. @default Infinity */
  readonly times?: number | undefined;
  /** What the answer asks the caller to wait: `Retry-After` over REST, `grpc-retry-pushback-ms` over gRPC. */
  readonly retryAfterSeconds?: number | undefined;
}

export interface Faults {
  /** Takes effect at once. Faults are asked in the order in which they were added; the first that concerns a call strikes. */
  add(fault: Fault): void;
  clear(): void;
}

/** The gateway's side of it. */
export interface FaultTable extends Faults {
  /** The fault that strikes a send to this connection; it has one time less from then on. */
  take(connectionId: string): Fault | undefined;
}

const faultSchema = z.strictObject({
  on: z.enum(['send']),
  connection: z.string().optional(),
  status: z.union([z.int().min(400).max(599), z.enum(['hang', 'reset'])]),
  times: z.union([z.int().positive(), z.literal(Infinity)]).default(Infinity),
  retryAfterSeconds: z.int().positive().optional(),
});

export function createFaults(): FaultTable {
  let faults: { readonly fault: Fault; left: number }[] = [];
  return {
    add(given) {
      const fault = parseOptions(faultSchema, given, 'faults.add');
      faults.push({ fault, left: fault.times });
    },
    clear() {
      faults = [];
    },
    take(connectionId) {
      const found = faults.find(({ fault }) => (fault.connection ?? connectionId) === connectionId);
      if (found === undefined) return undefined;
      found.left--;
      if (found.left === 0) faults = faults.filter((other) => other !== found);
      return found.fault;
    },
  };
}
