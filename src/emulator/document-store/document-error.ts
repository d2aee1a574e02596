/** A refusal in the terms of the Document API: HTTP 400 and the name of the reason. */
export class DocumentError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export function invalidRequest(message: string): DocumentError {
  return new DocumentError('ValidationException', message);
}
