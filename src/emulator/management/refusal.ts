/**
 * Why the management API does not do what it was asked: a `google.rpc.Status`, and the HTTP status that goes
 * with it.
 */
export class Refusal extends Error {
  /** HTTP status. */
  readonly status: number;
  /** gRPC code. */
  readonly code: number;
  /** How long the caller should wait, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const invalid = (message: string): Refusal => new Refusal(400, 3, message);

export const notFoundText = (id: string): string => `Connection ${id} not found`;

export const notFound = (id: string): Refusal => new Refusal(404, 5, notFoundText(id));

/** With the statuses of `HTTP 404, gRPC 5`. */
export function refusalIn(seen: string, message: string): Refusal {
  const [status = 500, code = 13] = [...seen.matchAll(/\d+/g)].map(Number);
  return new Refusal(status, code, message);
}

/**
 * As the platform's REST API and `google/rpc/code.proto` pair them; a 4xx or 5xx that is not listed is
 * UNKNOWN.
 */
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  409: 10, // ABORTED
  429: 8, // RESOURCE_EXHAUSTED
  499: 1, // CANCELLED
  500: 13, // INTERNAL
  501: 12, // UNIMPLEMENTED
  502: 14, // UNAVAILABLE
  503: 14,
  504: 4, // DEADLINE_EXCEEDED
};

export function grpcCodeOf(httpStatus: number): number {
  return GRPC_CODES[httpStatus] ?? 2;
}
