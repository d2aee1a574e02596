/** The gateway of the probe function: one document for the local gateway and for the cloud. */

export interface ProbeSpecOptions {
  /** One call at a time on an instance. */
  readonly functionId: string;
  /** The same code, several calls at a time on an instance. */
  readonly sharedFunctionId: string;
  readonly serviceAccountId: string;
  /** Queues that requests are put on; without them the paths for it are left out. */
  readonly queues?:
    { readonly folderId: string; readonly workUrl: string; readonly liveUrl: string } | undefined;
}

/** Where a native broadcast goes. */
export const LIVE_PATH = '/live';

type Event = 'connect' | 'message' | 'disconnect';
const ALL: readonly Event[] = ['connect', 'message', 'disconnect'];

export function probeSpec(options: ProbeSpecOptions): Record<string, unknown> {
  const { functionId, sharedFunctionId, serviceAccountId, queues } = options;
  const paths = {
    '/observe': sockets(functionId, ALL, {}),
    [LIVE_PATH]: sockets(functionId, ALL, {}),
    '/probe/{observer}': sockets(functionId, ALL, OBSERVER),
    '/shared/{observer}': sockets(sharedFunctionId, ALL, OBSERVER),
    '/guarded/{observer}': sockets(functionId, ALL, { ...OBSERVER, ...SECURED }),
    '/plain/{observer}': sockets(functionId, ALL, OBSERVER, {}),
    '/connect-only/{observer}': sockets(functionId, ['connect'], OBSERVER),
    '/message-only/{observer}': sockets(functionId, ['message'], OBSERVER),
    '/call': { post: integrated({}, functionOf(sharedFunctionId, VERSION_1)) },
  };
  return {
    openapi: '3.0.0',
    info: { title: 'yc-broadcast conformance', version: '1.0.0' },
    'x-yc-apigateway': { service_account_id: serviceAccountId },
    paths: queues === undefined ? paths : { ...paths, ...publishing(queues) },
    components: { securitySchemes: { [SCHEME]: scheme(functionId) } },
  };
}

const SCHEME = 'probeKey';
const SECURED = { security: [{ [SCHEME]: [] }] };
const OBSERVER = {
  parameters: [{ name: 'observer', in: 'path', required: true, schema: { type: 'string' } }],
};
const VERSION_1 = { payload_format_version: '1.0' };

function sockets(
  functionId: string,
  events: readonly Event[],
  facts: object,
  format: object = VERSION_1,
): Record<string, unknown> {
  const operations = events.map((event) => [
    `x-yc-apigateway-websocket-${event}`,
    integrated(facts, functionOf(functionId, format)),
  ]);
  return Object.fromEntries(operations) as Record<string, unknown>;
}

function integrated(facts: object, integration: object): Record<string, unknown> {
  return { ...facts, 'x-yc-apigateway-integration': integration };
}

function functionOf(functionId: string, format: object): object {
  return { type: 'cloud_functions', function_id: functionId, tag: '$latest', ...format };
}

/** With it, the runner needs no key of Message Queue. Strangers may not put anything. */
function publishing({ folderId, workUrl, liveUrl }: NonNullable<ProbeSpecOptions['queues']>): object {
  const put = (queueUrl: string): object => ({
    post: integrated(SECURED, {
      type: 'cloud_ymq',
      action: 'SendMessage',
      queue_url: queueUrl,
      folder_id: folderId,
      payload_format_type: 'body',
    }),
  });
  return { '/publish/work': put(workUrl), '/publish/live': put(liveUrl) };
}

function scheme(functionId: string): object {
  const authorizer = { type: 'function', function_id: functionId, tag: '$latest' };
  return { type: 'apiKey', in: 'query', name: 'key', 'x-yc-apigateway-authorizer': authorizer };
}
