import type { GrpcCall } from './grpc-call.js';
import { message, messagesOf, readMessage, textOf, type Field } from '../../../base/protobuf.js';

const PAGE_SIZE = 100;

/**
 * All that a `List` method knows in a folder, or those that a filter lets through: these methods are all
 * alike.
 */
export async function listAll(
  call: GrpcCall,
  service: string,
  folderId: string,
  filter?: string,
): Promise<Field[][]> {
  const found: Field[][] = [];
  for (let pageToken = ''; ;) {
    const request = message(
      [1, folderId],
      [2, PAGE_SIZE],
      [3, pageToken === '' ? undefined : pageToken],
      [4, filter],
    );
    const answer = readMessage(await call(`${service}/List`, request));
    found.push(...messagesOf(answer, 1));
    pageToken = textOf(answer, 2);
    if (pageToken === '') return found;
  }
}

/**
 * The id of the one with this name. Functions, gateways and service accounts have both in the same fields.
 */
export async function idByName(
  call: GrpcCall,
  service: string,
  folderId: string,
  name: string,
): Promise<string | undefined> {
  const listed = await listAll(call, service, folderId, `name="${name}"`);
  const found = listed.find((fields) => textOf(fields, 4) === name);
  return found === undefined ? undefined : textOf(found, 1);
}
