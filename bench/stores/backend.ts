/** What a store keeps its data in, started for the bench on this machine. */
export interface Backend {
  /** As the store takes it: a connection string, a URL, an endpoint. Empty for a store that needs none. */
  readonly address: string;
  close(): Promise<void>;
}

/** A server that cannot be started here, and what to do about it. */
export interface MissingBackend {
  readonly missing: string;
}
