// What of `aws sqs` the scripts use.
import { only, parse } from './arguments.js';

const URL_OF = (name) => `https://message-queue.api.cloud.yandex.net/b1gcloud/dj6000/${name}`;

export function aws(args, state) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
  if (!state.keys.some((key) => key.key_id === id && key.secret === secret))
    throw new Error('InvalidClientTokenId');
  const { command, flags } = parse(args);
  only(flags, 'endpoint-url');
  switch (command) {
    case 'sqs list-queues': {
      const urls = Object.keys(state.queues).filter((name) =>
        name.startsWith(only(flags, 'queue-name-prefix')),
      );
      return urls.length === 0 ? undefined : { QueueUrls: urls.map(URL_OF) };
    }
    case 'sqs create-queue':
      state.queues[only(flags, 'queue-name')] = attributesOf(flags);
      return { QueueUrl: URL_OF(only(flags, 'queue-name')) };
    case 'sqs set-queue-attributes':
      requireAdmin(id, state);
      Object.assign(state.queues[nameOf(flags, state)], attributesOf(flags));
      return undefined;
    case 'sqs delete-queue':
      requireAdmin(id, state);
      delete state.queues[nameOf(flags, state)];
      return undefined;
    default:
      throw new Error(`unknown command: ${command}`);
  }
}

function attributesOf(flags) {
  if (flags.attributes === undefined) return {};
  const attributes = JSON.parse(only(flags, 'attributes'));
  if (attributes.RedrivePolicy !== undefined) JSON.parse(attributes.RedrivePolicy);
  return attributes;
}

/** Documented: only this role changes and deletes queues. */
function requireAdmin(keyId, state) {
  const account = state.keys.find((key) => key.key_id === keyId)?.service_account_id;
  const isAdmin = state.bindings.some((one) => one.role_id === 'ymq.admin' && one.subject.id === account);
  if (!isAdmin) throw new Error('AccessDenied: ymq.admin');
}

function nameOf(flags, state) {
  const name = only(flags, 'queue-url').split('/').at(-1);
  if (state.queues[name] === undefined) throw new Error('AWS.SimpleQueueService.NonExistentQueue');
  return name;
}
