import type { GrpcCall } from './grpc-call.js';
import { listAll } from './listing.js';
import { mapFields, mapOf, message, textOf } from '../../../base/protobuf.js';

/** Of a thing in a folder: how ours are told from others. */
export type Labels = Readonly<Record<string, string>>;

export interface NewResource {
  readonly name: string;
  readonly description: string;
  readonly labels: Labels;
}

/**
 * The first fields of each `Create` request: folder, name, description, labels. They are alike for all
 * services.
 */
export function newResource(folderId: string, { name, description, labels }: NewResource): Buffer {
  return message([1, folderId], [2, name], [3, description], ...mapFields(4, labels));
}

/**
 * What a service has in a folder, by those fields that functions, triggers and service accounts have in
 * common.
 */
export async function labelledIds(
  call: GrpcCall,
  service: string,
  folderId: string,
  labels: Labels,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const all = await listAll(call, service, folderId);
  return all
    .filter((fields) => hasLabels(mapOf(fields, 6), labels))
    .map((fields) => ({ id: textOf(fields, 1), name: textOf(fields, 4) }));
}

export function hasLabels(labels: Labels, wanted: Labels): boolean {
  const known = new Map(Object.entries(labels));
  return Object.entries(wanted).every(([key, value]) => known.get(key) === value);
}
