/**
 * The probe function: does what it is told in messages, and tells an observer, which is a connection of the
 * runner, what it sees. It runs in instances of the local gateway and in the cloud, and stands alone: it is
 * what is deployed.
 */
import { randomUUID } from 'node:crypto';
import { carryOut, type ProbeOutcome } from './carry-out.js';
import type { ConnectDirective, ProbeEnvelope } from './command.js';
import { HANDSHAKE_HEADER, shapeOf, type ProbeContext, type ProbeEvent } from './event.js';
import { sendTo } from './send.js';
import type { Sighting } from './sighting.js';

/** What this instance is called. Random: which instance of the platform it is, nobody needs to know. */
const instance = randomUUID().slice(0, 8);

export async function handler(event: ProbeEvent, context: ProbeContext): Promise<ProbeOutcome> {
  const seen = { instance, startedAt: Date.now() };
  if (event.messages !== undefined) return trigger(event, context, seen);
  if (event.cookies !== undefined) return authorize(event, context, seen);
  switch (event.requestContext?.eventType) {
    case 'CONNECT':
      return connect(event, context, seen);
    case 'DISCONNECT':
      return disconnect(event, context, seen);
    default:
      // A message, or a plain HTTP request.
      return obey(event, context, sightingOf(event, 'reply', seen));
  }
}

type Seen = Pick<Sighting, 'instance' | 'startedAt'>;

function sightingOf(event: ProbeEvent, kind: Sighting['event'], seen: Seen): Sighting {
  const { connectionId, requestId, messageId } = event.requestContext ?? {};
  return { ...seen, event: kind, connectionId, requestId, messageId };
}

async function connect(event: ProbeEvent, context: ProbeContext, seen: Seen): Promise<ProbeOutcome> {
  const query = event.queryStringParameters ?? {};
  // Its address is public: strangers get nothing to play with.
  if (query['key'] !== process.env['PROBE_KEY']) return { statusCode: 403, body: 'wrong key' };
  const directive = JSON.parse(query['connect'] ?? '{}') as ConnectDirective;
  const observer = observerOf(event);
  const sighting = { ...sightingOf(event, 'CONNECT', seen), shape: shapeOf(event) };
  const own = event.requestContext?.connectionId ?? '';
  if (directive.report === true) await tell(observer, sighting, context);
  if (directive.sends === true) {
    const status = await sendTo(own, JSON.stringify({ ...sighting, event: 'SEND' }), context);
    await tell(observer, { ...sighting, event: 'SEND', status }, context);
  }
  if (directive.sleepMs !== undefined) await pause(directive.sleepMs);
  if (directive.throws === true) throw new Error('as told');
  const { subprotocol, status = 200, body } = directive;
  const headers =
    subprotocol === undefined ? JSON_TYPE : { ...JSON_TYPE, 'Sec-Websocket-Protocol': subprotocol };
  return { statusCode: status, headers, ...(body === undefined ? {} : { body }) };
}

async function disconnect(event: ProbeEvent, context: ProbeContext, seen: Seen): Promise<ProbeOutcome> {
  const { disconnectStatusCode: code, disconnectReason: reason } = event.requestContext ?? {};
  const facts = { code, reason, shape: shapeOf(event) };
  await tell(observerOf(event), { ...sightingOf(event, 'DISCONNECT', seen), ...facts }, context);
  return { statusCode: 200 };
}

async function trigger(event: ProbeEvent, context: ProbeContext, seen: Seen): Promise<ProbeOutcome> {
  const [first] = event.messages ?? [];
  const envelope = envelopeOf(first?.details?.message?.body);
  const received = Number(first?.details?.message?.attributes?.['ApproximateFirstReceiveTimestamp']);
  const sighting = { ...seen, event: 'TRIGGER' as const, receivedBeforeMs: seen.startedAt - received };
  if (envelope?.command.do === 'sleep') await pause(envelope.command.ms);
  const { observer = '', tag } = envelope ?? {};
  await tell(observer, { ...sighting, tag, endedAt: Date.now() }, context);
  return { statusCode: 200 };
}

/** As an authorizer: whoever has the key may connect. */
async function authorize(event: ProbeEvent, context: ProbeContext, seen: Seen): Promise<ProbeOutcome> {
  await tell(observerOf(event), { ...seen, event: 'AUTHORIZE' }, context);
  const isAuthorized = event.queryStringParameters?.['key'] === process.env['PROBE_KEY'];
  return { isAuthorized, context: { probe: 'yes' } };
}

async function obey(event: ProbeEvent, context: ProbeContext, seen: Sighting): Promise<ProbeOutcome> {
  const envelope = envelopeIn(event);
  if (envelope === undefined) return { statusCode: 403, body: 'wrong key' };
  const { tag, command, observer } = envelope;
  const sighting = { ...seen, tag, shape: shapeOf(event) };
  const isTold = command.do === 'throw' || (command.do === 'sleep' && command.report === true);
  if (isTold) await tell(observer, { ...sighting, event: 'MESSAGE' }, context);
  return carryOut(command, sighting);
}

async function tell(observer: string, sighting: Sighting, context: ProbeContext): Promise<void> {
  if (observer !== '') await sendTo(observer, JSON.stringify(sighting), context);
}

/**
 * From the path, or from a header of the handshake: which of them a later event still has is one of the
 * questions.
 */
function observerOf(event: ProbeEvent): string {
  const fromPath = (event.pathParameters ?? event.pathParams)?.['observer'];
  return fromPath ?? event.headers?.[HANDSHAKE_HEADER] ?? '';
}

function envelopeIn({ body, isBase64Encoded }: ProbeEvent): ProbeEnvelope | undefined {
  return envelopeOf(Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8').toString('utf8'));
}

/** `undefined` for what does not come from the runner. */
function envelopeOf(text = ''): ProbeEnvelope | undefined {
  try {
    const envelope = JSON.parse(text) as ProbeEnvelope | null;
    return envelope?.key === process.env['PROBE_KEY'] ? (envelope ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
