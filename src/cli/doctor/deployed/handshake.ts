/** Whether somebody may come in, how long it takes, and whether somebody else may not. */
import { reasonOf, type Finding } from '../finding.js';
import { visit, type DeployedOptions } from './visit.js';

export async function checkHandshake(options: DeployedOptions): Promise<Finding> {
  const subject = 'Handshake';
  try {
    const first = await visit(options);
    first.end();
    if (first.status !== 101) return { subject, level: 'failure', ...(await refusal(first.status, options)) };
    const second = await visit(options);
    second.end();
    const detail = `101 after ${first.ms} ms, and again after ${second.ms} ms`;
    if (second.status !== 101)
      return { subject, level: 'failure', ...(await refusal(second.status, options)) };
    if (second.ms < SLOW_MS) return { subject, level: 'ok', detail };
    return {
      subject,
      level: 'warning',
      detail,
      remedy: 'look at what onConnect waits for; see docs/troubleshooting.md',
    };
  } catch (error) {
    return { subject, level: 'failure', detail: reasonOf(error), remedy: 'look at the log of the gateway' };
  }
}

/** The second is no cold start any more. */
const SLOW_MS = 2000;
const LOG = 'yc logging read --group-name <group>';

const REFUSALS: Readonly<Record<number, string>> = {
  400: `the request is not what the specification or the function expects: see its parameters, and ${LOG}`,
  401: "authenticate did not recognise the request: send what it looks at, for example --header 'Cookie: sid=…', or in the query",
  403: 'the app or the authorizer refuses: name a page that may connect, with --origin https://…',
  404: 'the specification has no such path',
  429: 'a quota is exhausted: instances, concurrent calls, or rateLimit of the specification; see docs/quotas.md',
  500: `an authorizer does not work: ${LOG}`,
  502: `the function failed, or returned an invalid response: ${LOG}`,
  503: 'the function is not available now: try again, then ask support',
  504: `the function did not answer in time: ${LOG}`,
};

async function refusal(
  status: number,
  options: DeployedOptions,
): Promise<Pick<Finding, 'detail' | 'remedy'>> {
  const { origin } = options;
  if (status === 403 && origin !== undefined) {
    const without = await visit({ ...options, origin: undefined });
    without.end();
    if (without.status === 101)
      return {
        detail: `403 for the origin ${origin}, and 101 without it`,
        remedy: `add ${origin} to origins in createApp, and deploy it`,
      };
  }
  const detail = `refused with ${status}`;
  if (status >= 200 && status < 400)
    return { detail, remedy: 'this is a page, not a websocket: check the path of the specification' };
  return { detail, remedy: REFUSALS[status] ?? `look at the log: ${LOG}` };
}

/** A page that nobody has: `.invalid` is reserved. */
const STRANGER = 'https://stranger.invalid';

export async function checkOrigin(options: DeployedOptions): Promise<Finding> {
  const subject = 'Origin';
  const { status, end } = await visit({ ...options, origin: STRANGER });
  end();
  if (status === 101)
    return {
      subject,
      level: 'warning',
      detail: 'a page of any other site may connect, with the cookies of its visitor',
      remedy: "list yours: origins: ['https://…'] in createApp, instead of 'any'",
    };
  // A gateway that has no time for anybody says nothing of origins.
  if (status === 429 || status >= 500)
    return {
      subject,
      level: 'warning',
      detail: `cannot tell: a page of another site was answered with ${status}`,
      remedy: REFUSALS[status] ?? `look at the log: ${LOG}`,
    };
  return { subject, level: 'ok', detail: `a page of another site is refused with ${status}` };
}
