import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createGrpcAnswerer, type GrpcErrors } from './grpc.js';
import { answerRest, isRestRequest } from './rest.js';
import type { Management } from './management.js';

/** Takes requests of the management API as they come in, and knows how many have not been answered. */
export interface ManagementDesk {
  /** `false` when a request is for something else. */
  rest(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): boolean;
  grpc(request: Http2ServerRequest, response: Http2ServerResponse): void;
  underWay(): number;
}

export function createManagementDesk(management: Management, errors: GrpcErrors): ManagementDesk {
  const grpc = createGrpcAnswerer(management, errors);
  let underWay = 0;

  function track(answering: Promise<void>): void {
    underWay++;
    // It rejects only when the caller has gone away, and then there is nobody to tell.
    answering.catch(() => undefined).finally(() => underWay--);
  }

  return {
    rest(request, response) {
      if (!isRestRequest(request)) return false;
      track(
        answerRest(management, request, response, () => {
          cutOff(request);
        }),
      );
      return true;
    },
    grpc(request, response) {
      track(grpc.answer(request, response));
    },
    underWay: () => underWay,
  };
}

/**
 * Over HTTP/2 the request's stream, so that its neighbours live; over HTTP/1.1 the connection is the
 * request's own.
 */
function cutOff(request: IncomingMessage | Http2ServerRequest): void {
  if ('stream' in request) request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else request.socket.destroy();
}
