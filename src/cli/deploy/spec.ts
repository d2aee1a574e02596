import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { gatewaySpec, type GatewaySpecOptions, type SpecAuthorizer } from '../../deploy/gateway-spec.js';
import { usageError, type Command } from '../command.js';

const HELP = `yc-broadcast spec: print the gateway's specification

An OpenAPI document whose paths lead to your function. Ids are
variables, so another stage only needs other values. The local gateway runs it,
too: yc-broadcast dev src/handler.ts --spec gateway.yaml

  --function-id <id>         the function, as "yc serverless function get" has it
  --service-account-id <id>  calls it; needs the role functions.functionInvoker
  --path <path>              repeatable                           (default /ws)
  --http <path>              path of HTTP requests for the function; repeatable
  --title <text>             of the document             (default yc-broadcast)
  --authorizer-id <id>       a function that decides who may connect
  --credential <in>:<name>   where the credential is; in: query, cookie or header
                                                          (default query:token)
  --authorizer-ttl <s>       how long the gateway caches its answer, in seconds
                                                          (default: no caching)
  --json                     JSON instead of YAML

Examples
  yc-broadcast spec --function-id d4e… --service-account-id aje… > gateway.yaml
  yc serverless api-gateway create --name chat --spec gateway.yaml
  yc-broadcast spec --function-id d4e… --service-account-id aje… \\
    --path '/rooms/{room}' --authorizer-id d4e… --credential cookie:session
`;

/** Whether the gateway's parser takes them is not documented. */
const NO_ANCHORS = { aliasDuplicateObjects: false };

export const spec: Command = {
  help: HELP,
  async run(args) {
    const { options, isJson } = parseSpecOptions(args);
    const document = gatewaySpec(options);
    process.stdout.write(isJson ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, NO_ANCHORS));
    return 0;
  },
};

function parseSpecOptions(args: readonly string[]): { options: GatewaySpecOptions; isJson: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'function-id': { type: 'string' },
      'service-account-id': { type: 'string' },
      path: { type: 'string', multiple: true, default: ['/ws'] },
      http: { type: 'string', multiple: true, default: [] },
      title: { type: 'string', default: 'yc-broadcast' },
      'authorizer-id': { type: 'string' },
      credential: { type: 'string' },
      'authorizer-ttl': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const options = {
    title: values.title,
    paths: values.path.map((path) => checkPath('--path', path)),
    httpPaths: values.http.map((path) => checkHttpPath(path, values.path)),
    functionId: required(values['function-id'], '--function-id', 'which function?'),
    serviceAccountId: required(values['service-account-id'], '--service-account-id', 'who calls it?'),
    authorizer: authorizerOf(values['authorizer-id'], values.credential, values['authorizer-ttl']),
  };
  return { options, isJson: values.json };
}

function required(value: string | undefined, name: string, question: string): string {
  if (value === undefined || value === '') throw usageError(`${question} Give ${name} <id>`);
  return value;
}

function checkPath(option: string, path: string): string {
  if (path.startsWith('/')) return path;
  throw usageError(`${option}: expected a path such as /ws or /rooms/{room}, not '${path}'`);
}

function checkHttpPath(path: string, paths: readonly string[]): string {
  if (!paths.includes(path)) return checkPath('--http', path);
  throw usageError(`--http: ${path} is a WebSocket path; choose another one`);
}

function authorizerOf(
  functionId: string | undefined,
  credential: string | undefined,
  ttl: string | undefined,
): GatewaySpecOptions['authorizer'] {
  if (functionId === undefined) {
    if (credential === undefined && ttl === undefined) return undefined;
    throw usageError('--credential and --authorizer-ttl require --authorizer-id <id>');
  }
  const ttlSeconds = ttl === undefined ? undefined : Number(ttl);
  if (ttlSeconds !== undefined && !(Number.isInteger(ttlSeconds) && ttlSeconds > 0))
    throw usageError('--authorizer-ttl: expected a whole number of seconds');
  return { functionId, ttlSeconds, ...parseCredential(credential ?? 'query:token') };
}

function parseCredential(text: string): Pick<SpecAuthorizer, 'in' | 'name'> {
  const [, place, name] = /^(query|cookie|header):(.+)$/.exec(text) ?? [];
  if (place === undefined || name === undefined)
    throw usageError(`--credential: expected query:<name>, cookie:<name> or header:<name>, not '${text}'`);
  return { in: place as SpecAuthorizer['in'], name };
}
