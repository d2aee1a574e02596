export type ServerKind = 'nginx' | 'node';

/** A TLS server in another process that answers REST and gRPC sends on one port. */
export interface Server {
  readonly name: ServerKind;
  readonly port: number;
  /** Requests answered since it was started. */
  answered(): Promise<number>;
  /** CPU time used since it was started, in microseconds. */
  cpuMicros(): Promise<number>;
  close(): Promise<void>;
}
