/** A refusal in the terms of Message Queue: the name of the reason, and its HTTP status. */
export class QueueError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number = STATUS[code] ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Those of the documented codes that are not 400. */
const STATUS: Readonly<Record<string, number>> = {
  InternalFailure: 500,
  InvalidClientTokenId: 403,
  MalformedQueryString: 404,
  MissingAuthenticationToken: 403,
  OverLimit: 403,
  ServiceUnavailable: 503,
  ThrottlingException: 403,
};

export function invalidValue(message: string): QueueError {
  return new QueueError('InvalidParameterValue', message);
}
