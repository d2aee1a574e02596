import type { GrpcCall } from './grpc-call.js';
import { labelledIds, newResource, type Labels, type NewResource } from './labels.js';
import type { Operate } from './operations.js';
import { message } from '../../../base/protobuf.js';

export const TRIGGERS = 'yandex.cloud.serverless.triggers.v1.TriggerService';

/** A trigger that reads a queue, for a function or for the sockets of a gateway's path. */
export interface NewQueueTrigger extends NewResource {
  /** ARN. */
  readonly queueId: string;
  /** Reads the queue, and calls the target. */
  readonly accountId: string;
  readonly batchSize: number;
  readonly cutoffSeconds: number;
  readonly target: { readonly functionId: string } | { readonly gatewayId: string; readonly path: string };
}

/** The triggers of a folder. */
export interface CloudTriggers {
  /** Ids of those with these labels. */
  list(labels: Labels): Promise<readonly string[]>;
  create(trigger: NewQueueTrigger): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createTriggers(call: GrpcCall, operate: Operate, folderId: string): CloudTriggers {
  return {
    list: async (labels) => (await labelledIds(call, TRIGGERS, folderId, labels)).map(({ id }) => id),
    async create(trigger) {
      const rule = message([MESSAGE_QUEUE, queueRule(trigger)]);
      await operate(
        `${TRIGGERS}/Create`,
        Buffer.concat([newResource(folderId, trigger), message([5, rule])]),
      );
    },
    remove: (id) => operate(`${TRIGGERS}/Delete`, message([1, id])),
  };
}

/** Of a trigger's rule. */
const MESSAGE_QUEUE = 3;

function queueRule({ queueId, accountId, batchSize, cutoffSeconds, target }: NewQueueTrigger): Buffer {
  const cutoff = message([1, cutoffSeconds]);
  const action =
    'functionId' in target
      ? ([101, message([1, target.functionId], [2, '$latest'], [3, accountId])] as const)
      : ([103, message([1, target.gatewayId], [2, target.path], [3, accountId])] as const);
  const batch = message([1, batchSize], [2, cutoff]);
  return message([11, queueId], [3, accountId], [4, batch], action);
}
