import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { trigger as triggers, triggerService as api } from 'yandex-cloud-sdk-3/serverless-triggers-v1';
import { found, pageOf, refuseTaken, type Desk } from './desk.js';

const NAME = 'yandex.cloud.serverless.triggers.v1.Trigger';

/** `TriggerService`: what it keeps is in `stored`. */
export function triggerService(
  desk: Desk,
  stored: Map<string, triggers.Trigger>,
): UntypedServiceImplementation {
  function create({ folderId, name, labels, rule }: api.CreateTriggerRequest, method: string) {
    refuseTaken(stored.values(), name, 'Trigger');
    return desk.operate(method, NAME, triggers.Trigger, () => {
      const rules = rule === undefined ? {} : { rule };
      const trigger = triggers.Trigger.fromPartial({
        id: desk.newId('a1s'),
        folderId,
        name,
        labels,
        ...rules,
      });
      stored.set(trigger.id, trigger);
      return trigger;
    });
  }

  function remove({ triggerId }: api.DeleteTriggerRequest, method: string) {
    const trigger = found(stored, triggerId, 'Trigger');
    return desk.operate(method, NAME, triggers.Trigger, () => {
      stored.delete(triggerId);
      return trigger;
    });
  }

  return {
    create: desk.handle('TriggerService/Create', create),
    delete: desk.handle('TriggerService/Delete', remove),
    list: desk.handle('TriggerService/List', (request: api.ListTriggersRequest) => {
      const { items, nextPageToken } = pageOf(stored.values(), { ...request, filter: '' });
      return api.ListTriggersResponse.fromPartial({ triggers: items, nextPageToken });
    }),
  };
}
