/** The address of a request, read in one way wherever the gateway needs it. */
import type { IncomingRequest } from './exchange.js';

/** Whether a request target is a path. `//host`, `*`, an absolute URL and their like are not. */
export function isPath(target: string | undefined): boolean {
  return target !== undefined && /^\/(?![/\\])/.test(target);
}

/**
 * The host is not the client's. A target that is not a path is read as `/`; the gateway refuses it before.
 */
export function requestUrl({ url }: Pick<IncomingRequest, 'url'>): URL {
  return new URL(`http://gateway${isPath(url) ? url : '/'}`);
}
