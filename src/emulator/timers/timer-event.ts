import { newResourceId } from '../ids.js';

export interface TimerFacts {
  readonly triggerId: string;
  readonly payload: string;
  readonly cloudId: string;
  readonly folderId: string;
  readonly at: number;
}

/** The event of a timer's call, as documented. */
export function timerEvent({ triggerId, payload, cloudId, folderId, at }: TimerFacts) {
  const event_metadata = {
    event_id: newResourceId('a1s'),
    event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage',
    created_at: new Date(at).toISOString(),
    cloud_id: cloudId,
    folder_id: folderId,
  };
  return { messages: [{ event_metadata, details: { trigger_id: triggerId, payload } }] };
}
