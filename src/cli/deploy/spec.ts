import { stringify } from 'yaml';
import { gatewaySpec, type GatewaySpecOptions, type SpecAuthorizer } from '../../deploy/gateway-spec.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, many, one, parseFlags, toggle } from '../flags/flags.js';
import { text } from '../flags/values.js';

const FLAGS = {
  'function-id': one(text('<id>'), 'the function, as "yc serverless function get" has it'),
  'service-account-id': one(text('<id>'), 'calls it; needs the role functions.functionInvoker'),
  path: many(text('<path>'), 'WebSocket path (default /ws)'),
  http: many(text('<path>'), 'path of HTTP requests for the function'),
  title: one(text('<text>'), 'of the document (default yc-broadcast)'),
  'authorizer-id': one(text('<id>'), 'a function that decides who may connect'),
  credential: one(
    text('<in>:<name>'),
    'where the credential is; in: query, cookie or header (default query:token)',
  ),
  'authorizer-ttl': one(
    text('<s>'),
    'how long the gateway caches its answer, in seconds (default: no caching)',
  ),
  json: toggle('JSON instead of YAML'),
};

const HELP = `yc-broadcast spec: print the gateway's specification

An OpenAPI document whose paths lead to your function. Ids are
variables, so another stage only needs other values. The local gateway runs it,
too: yc-broadcast dev src/handler.ts --spec gateway.yaml

${flagsHelp(FLAGS)}

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
  const { flags } = parseFlags(FLAGS, args, false);
  const { title = 'yc-broadcast', path: paths = ['/ws'], http = [] } = flags;
  const options = {
    title,
    paths: paths.map((path) => checkPath('--path', path)),
    httpPaths: http.map((path) => checkHttpPath(path, paths)),
    functionId: required(flags['function-id'], '--function-id', 'the function that the gateway calls'),
    serviceAccountId: required(
      flags['service-account-id'],
      '--service-account-id',
      'the account that calls it',
    ),
    authorizer: authorizerOf(flags['authorizer-id'], flags.credential, flags['authorizer-ttl']),
  };
  return { options, isJson: flags.json };
}

function required(value: string | undefined, name: string, what: string): string {
  if (value === undefined || value === '') throw usageError(`missing ${name} <id>: ${what}`);
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
