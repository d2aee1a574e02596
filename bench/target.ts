/** What every client is asked to do: the same payload to the same server. */
export interface Target {
  /** `https://localhost` and the port. */
  readonly origin: string;
  readonly port: number;
}

/** 200 bytes of ASCII, the size of a chat message with its envelope. */
export const PAYLOAD = 'x'.repeat(200);
export const TOKEN = 'bench';

/** The id of the connection that send number `index` goes to. Real ids have 20 characters, too. */
export function connectionId(index: number): string {
  return `c${String(index % 10_000_000).padStart(19, '0')}`;
}

/** The documented REST call, for clients that write their requests themselves. */
export function restPath(id: string): string {
  return `/apigateways/websocket/v1/connections/${id}:send`;
}

export const REST_HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' } as const;

/** Encoded once, in favour of those clients that would do it for every send. */
export const REST_BODY = JSON.stringify({ data: Buffer.from(PAYLOAD).toString('base64'), type: 'TEXT' });

export function isAccepted(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** An answer other than 2xx must not count as a send. */
export function checkStatus(status: number): void {
  if (!isAccepted(status)) throw new Error(`answered ${status}`);
}
