import { createTokenProvider } from '../../base/credentials/token-provider.js';
import { BroadcastError } from '../../base/errors.js';
import { caFromEnvironment } from '../../transports/ca.js';
import { CASES } from '../cases/index.js';
import { NotProbed, type ConformanceCase } from '../case.js';
import { callHttp } from '../wire/http.js';
import { grpcClient, restClient } from '../wire/management.js';
import { openRawSocket } from '../wire/raw-socket.js';
import { createBench, type RunningBench } from './create-bench.js';
import { runCases, type CaseResult, type RunCasesOptions } from './run-cases.js';

export interface RunDeployedOptions extends Pick<RunCasesOptions, 'onResult' | 'modes'> {
  /** As `conformance deploy` prints it, with the key in the query. */
  readonly url: URL;
  /** A websocket of another gateway, whose connections are not ours to send to. */
  readonly foreign?: URL | undefined;
  /** @default all */
  readonly cases?: readonly ConformanceCase[] | undefined;
}

/** Time limit of the deployed probe function. */
export const DEPLOYED_TIMEOUT_MS = 5000;
/** How long to listen for what is not to be expected. */
const QUIET_MS = 3000;
/** A cold start belongs to it. */
const ANSWER_MS = 15_000;
const ENDPOINT = 'https://apigateway-connections.api.cloud.yandex.net';

/**
 * Runs the cases of these modes against the deployed probe function. The token is looked for where transports
 * do.
 */
export function runDeployed(options: RunDeployedOptions): Promise<CaseResult[]> {
  const { cases = CASES, modes, onResult } = options;
  return runCases({ cases, modes, target: 'cloud', onResult, bench: () => deployedBench(options) });
}

async function deployedBench({ url, foreign }: RunDeployedOptions): Promise<RunningBench> {
  const key = url.searchParams.get('key') ?? '';
  const ca = caFromEnvironment();
  const tokens = createTokenProvider();
  const token = async (): Promise<string> => tokens.token();
  const address = { endpoint: process.env['YC_BROADCAST_ENDPOINT'] ?? ENDPOINT, token, ca };
  const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  // What is wrong with the token should be said before anything else.
  await token();
  return createBench({
    origin: `${url.protocol}//${url.host}`,
    key,
    ca,
    timeoutMs: DEPLOYED_TIMEOUT_MS,
    quietMs: QUIET_MS,
    answerMs: ANSWER_MS,
    rest: restClient(address),
    grpc: grpcClient(address),
    publish: (queue, body) => publish(url, queue, body, ca),
    foreignId: () => foreignId(foreign, ca),
    pass,
  });
}

async function publish(url: URL, queue: string, body: string, ca: string | undefined): Promise<void> {
  const target = new URL(
    `/publish/${queue}${url.search}`,
    `${url.protocol.replace('ws', 'http')}//${url.host}`,
  );
  const headers = { 'Content-Type': 'application/json' };
  const { status } = await callHttp({ url: target, method: 'POST', headers, body, ca });
  if (status < 300) return;
  throw new BroadcastError('QUEUE_UNAVAILABLE', `putting a message on the queue was answered with ${status}`);
}

async function foreignId(foreign: URL | undefined, ca: string | undefined): Promise<string> {
  if (foreign === undefined) throw new NotProbed('needs --foreign: a websocket of another gateway');
  const { connectionId } = await openRawSocket({ url: foreign, headers: {}, ca });
  if (connectionId !== '') return connectionId;
  throw new NotProbed('the gateway of --foreign did not let us in');
}
