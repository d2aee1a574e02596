import { GATEWAY_DEFAULTS, SOCKET_DEFAULTS } from '../../emulator/options.js';
import { FUNCTION_DEFAULTS } from '../../emulator/instances/settings.js';
import { TRIGGER_DEFAULTS } from '../../emulator/queue/options.js';
import { flagsHelp, many, one, toggle, type FlagValues } from '../flags/flags.js';
import {
  duration,
  durationOrOff,
  folder,
  format,
  oneOf,
  port,
  range,
  text,
  wholeNumber,
} from '../flags/values.js';
import { queueFlag } from './dev-queues.js';
import { profileFlag } from './dev-profile.js';
import { functionFlag } from './dev-functions.js';

export const DEFAULT_PORT = 4510;

const { instances } = FUNCTION_DEFAULTS;
const seconds = (ms: number): string => `${ms / 1000}s`;

export const DEV_FLAGS = {
  path: many(text('<path>'), 'WebSocket path (default /ws)'),
  spec: one(
    text('<file>'),
    "the gateway's OpenAPI instead of paths; <entry> stands for every function in it",
  ),
  function: many(functionFlag, 'with --spec, instead of <entry>: the file of the function with this id'),
  port: one(port, `0 takes any free port, as is the default with --exec (default ${DEFAULT_PORT})`),
  exec: one(
    text('<command>'),
    'run a shell command as soon as all is ready, then stop; it finds the gateway in $YC_BROADCAST_URL ' +
      '(ws://…, without a path) and $YC_BROADCAST_ENDPOINT. The log goes to stderr',
  ),
  'tls-port': one(port, 'of gRPC and https, for other programs (default any free port)'),
  'no-redirect': toggle('code that is written for the cloud goes to the cloud'),
  static: one(folder, 'pages to serve beside the gateway; not files with a leading dot'),
  'allow-host': many(
    text('<name>'),
    'another host to be reached by, beside localhost: of a tunnel, say; .example.com takes all names that ' +
      'end with it',
  ),
  timeout: one(duration, `longest time of a call: 10s, 1m (default ${seconds(GATEWAY_DEFAULTS.timeoutMs)})`),
  memory: one(wholeNumber('<MB>'), `of an instance (default ${GATEWAY_DEFAULTS.memoryMb})`),
  instances: one(range, `fewest and most; 1 means just one (default ${instances.min}-${instances.max})`),
  concurrency: one(
    wholeNumber(),
    `calls at a time on an instance (default ${FUNCTION_DEFAULTS.concurrency})`,
  ),
  requests: one(
    wholeNumber(),
    `calls at a time in all, then 429 (default ${FUNCTION_DEFAULTS.requestsLimit})`,
  ),
  order: one(
    oneOf('<order>', ['overlapping', 'serial']),
    `calls for the messages of one connection: overlapping or serial (default ${SOCKET_DEFAULTS.messageOrder})`,
  ),
  'disconnect-attempts': one(
    wholeNumber(),
    'how often a disconnect event is tried when too many calls are under way ' +
      `(default ${SOCKET_DEFAULTS.disconnectAttempts})`,
  ),
  store: toggle('a store in this gateway that all instances share; ydbStore() finds it'),
  queue: many(
    queueFlag,
    'a queue that <entry> reads; name=/path: its messages go to the sockets of the path; name=id: the ' +
      'function with this id reads it. messageQueue() finds the first, messageQueue({ name }) each',
  ),
  batch: one(wholeNumber(), `most messages of a queue in one call (default ${TRIGGER_DEFAULTS.batchSize})`),
  cutoff: one(
    duration,
    `how long a batch waits to become full (default ${seconds(TRIGGER_DEFAULTS.cutoffMs)})`,
  ),
  'max-receives': one(
    wholeNumber(),
    'then a message goes to the queue <name>-dead; without it what fails comes back for ever',
  ),
  timer: one(duration, "calls <entry> with a timer's event so often: 30s, 1m"),
  cold: one(duration, `what a cold start takes longer (default ${FUNCTION_DEFAULTS.coldStartMs}ms)`),
  freeze: one(
    durationOrOff,
    'an instance stops so long after its last call, with what was not awaited; off lets it run on ' +
      `(default ${FUNCTION_DEFAULTS.freezeAfterMs}ms)`,
  ),
  profile: one(profileFlag, 'what conformance has seen in the cloud replaces what this gateway assumes'),
  'no-watch': toggle('keep the code as it is'),
  format: one(format, 'of the log: text or json; json if $CI is set'),
};

export type DevFlags = FlagValues<typeof DEV_FLAGS>;

export const DEV_HELP = `yc-broadcast dev <entry>: runs a handler behind a local API Gateway

The gateway listens on 127.0.0.1 only. It calls the handler with the events
that the cloud would send, answers the connection management API, and refuses
what the cloud refuses. <entry> is a TypeScript or JavaScript file; file.ts#name
takes another export than 'handler'. The function runs in instances that share
no memory, as in the cloud, and is replaced when its source changes; sockets
stay open.

${flagsHelp(DEV_FLAGS)}

Exit codes: 0 stopped by Ctrl-C, 1 it did not work, 2 wrong call; with --exec
that of the command.

Variables of .env and .env.local are set, unless the environment has them.

Examples
  yc-broadcast dev src/handler.ts
  yc-broadcast dev src/handler.ts#chat --path '/rooms/{room}' --static public
  yc-broadcast dev src/handler.ts --spec gateway.yaml --store
  yc-broadcast dev --spec gateway.yaml --function d4e1=src/connect.ts \\
    --function d4e2=src/message.ts
  yc-broadcast dev src/handler.ts --store --queue jobs --queue live=/ws
  yc-broadcast dev src/handler.ts --exec 'npx vitest run'
  yc-broadcast dev dist/handler.js --port 0 --format json | jq .reason
`;
