import type { GrpcCall } from './grpc-call.js';
import { message, readMessage, textOf } from '../../../base/protobuf.js';

export const TOKENS = 'yandex.cloud.iam.v1.IamTokenService';

/** Who deploys: an IAM token, or an OAuth token, for which the cloud gives one. */
export type Credentials = { readonly iamToken: string } | { readonly oauthToken: string };

/** Asks for a token once; it lives for hours. */
export function createIamToken(call: GrpcCall, credentials: Credentials): () => Promise<string> {
  let asked: Promise<string> | undefined;
  if ('iamToken' in credentials) return async () => credentials.iamToken;
  return () => (asked ??= exchange(call, credentials.oauthToken));
}

async function exchange(call: GrpcCall, oauthToken: string): Promise<string> {
  return textOf(readMessage(await call(`${TOKENS}/Create`, message([1, oauthToken]))), 1);
}
