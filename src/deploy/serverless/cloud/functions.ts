import { CloudError } from './cloud-error.js';
import type { GrpcCall } from './grpc-call.js';
import { labelledIds, newResource, type Labels, type NewResource } from './labels.js';
import { idByName } from './listing.js';
import type { Operate } from './operations.js';
import {
  mapFields,
  message,
  numberOf,
  readMessage,
  renumbered,
  textOf,
  type Field,
} from '../../../base/protobuf.js';

export const FUNCTIONS = 'yandex.cloud.serverless.functions.v1.FunctionService';

/** The version of a function that runs. */
export interface Version {
  readonly id: string;
  /** Calls that an instance takes at the same time. The cloud's default is 1. */
  readonly concurrency: number;
  readonly fields: readonly Field[];
}

/** The functions of a folder. */
export interface CloudFunctions {
  idOf(name: string): Promise<string | undefined>;
  /** The one tagged `$latest`, which gateways and triggers call; `undefined` when the function has none. */
  latest(functionId: string): Promise<Version | undefined>;
  /**
   * A new version with the same code, and the same settings but for this one. A version cannot be changed:
   * its settings are part of it.
   */
  copyWithConcurrency(version: Version, concurrency: number): Promise<void>;
  /** Ids of those with these labels. */
  list(labels: Labels): Promise<readonly string[]>;
  /** Without a version. */
  create(definition: NewResource): Promise<void>;
  createVersion(functionId: string, version: NewVersion): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface NewVersion {
  /** A zip archive, up to 3.5 MB (documented). */
  readonly content: Buffer;
  readonly accountId: string;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

export function createFunctions(call: GrpcCall, operate: Operate, folderId: string): CloudFunctions {
  return {
    idOf: (name) => idByName(call, FUNCTIONS, folderId, name),
    async latest(functionId) {
      const request = message([1, functionId], [2, '$latest']);
      const answer = await call(`${FUNCTIONS}/GetVersionByTag`, request).catch(unlessNotFound);
      if (answer === undefined) return undefined;
      const fields = readMessage(answer);
      return { id: textOf(fields, 1), concurrency: Math.max(1, numberOf(fields, CONCURRENCY)), fields };
    },
    async copyWithConcurrency({ id, fields }, concurrency) {
      const kept = fields.flatMap((field) => {
        const number = COPIED[field.number];
        return number === undefined ? [] : [renumbered(field, number)];
      });
      const request = Buffer.concat([...kept, message([VERSION_ID, id], [CONCURRENCY, concurrency])]);
      await operate(`${FUNCTIONS}/CreateVersion`, request);
    },
    list: async (labels) => (await labelledIds(call, FUNCTIONS, folderId, labels)).map(({ id }) => id),
    create: (definition) => operate(`${FUNCTIONS}/Create`, newResource(folderId, definition)),
    createVersion: (id, version) => operate(`${FUNCTIONS}/CreateVersion`, versionRequest(id, version)),
    remove: (id) => operate(`${FUNCTIONS}/Delete`, message([1, id])),
  };
}

const RUNTIME = 'nodejs22';
const BYTES_PER_MB = 1024 * 1024;

function versionRequest(functionId: string, version: NewVersion): Buffer {
  const { content, accountId, concurrency, timeoutSeconds, memoryMb, environment } = version;
  return message(
    [1, functionId],
    [2, RUNTIME],
    [4, 'index.handler'],
    [5, message([1, memoryMb * BYTES_PER_MB])],
    [6, message([1, timeoutSeconds])],
    [7, accountId],
    [10, content],
    ...mapFields(12, environment),
    [CONCURRENCY, concurrency],
  );
}

/** gRPC status. */
const NOT_FOUND = 5;
const CONCURRENCY = 24;
/** Of `CreateFunctionVersionRequest`: the code is that of this version. */
const VERSION_ID = 11;

/**
 * Which field of a `Version` is which of a `CreateFunctionVersionRequest`. Not among them: what the cloud
 * makes itself, such as the id, and tags, since a tag that somebody gave to a version should stay with it.
 */
const COPIED: Readonly<Record<number, number>> = {
  2: 1, // function_id
  3: 3, // description
  6: 2, // runtime
  7: 4, // entrypoint
  8: 5, // resources
  9: 6, // execution_timeout
  10: 7, // service_account_id
  16: 12, // environment
  17: 17, // connectivity
  18: 15, // named_service_accounts
  19: 18, // secrets
  20: 19, // log_options
  21: 20, // storage_mounts
  22: 22, // async_invocation_config
  23: 23, // tmpfs_size
  25: 25, // mounts
  26: 26, // metadata_options
};

/** The cloud says it of a function without versions; a function that is not there was noticed before. */
function unlessNotFound(reason: unknown): undefined {
  if (reason instanceof CloudError && reason.status === NOT_FOUND) return undefined;
  throw reason;
}
