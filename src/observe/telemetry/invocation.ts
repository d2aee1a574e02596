import { context, SpanKind, SpanStatusCode, type Attributes } from '@opentelemetry/api';
import type { Invocation, InvocationAnswer } from '../../model/observer.js';
import { factsOf, type CallFacts } from '../call-facts.js';
import { outcomeOfAnswer, outcomeOfError, type ObservedOutcome } from '../outcome.js';
import { ATTRIBUTES, OWN_ATTRIBUTES } from './names.js';
import { defined, secondsSince, withInvocation, type TelemetryDeps } from './parts.js';

const A = { ...ATTRIBUTES, ...OWN_ATTRIBUTES };

/** A span around each call of the handler, and its measurements. */
export function createInvocationLayer(
  { tracer, instruments, ids }: TelemetryDeps,
  flush: () => Promise<void>,
) {
  let isFirst = true;

  function measure(facts: CallFacts, { outcome, code }: ObservedOutcome, seconds: number): void {
    const { invokeDuration, invocations, errors } = instruments();
    const call = { [A.trigger]: triggerOf(facts), [A.event]: facts.event };
    const types = { [A.messageType]: facts.type, [A.outcome]: outcome, [A.errorType]: code };
    invokeDuration.record(seconds, { ...call, ...defined(types) });
    if (outcome === 'error') errors.add(1, { ...call, ...defined({ [A.errorType]: code }) });
    else invocations.add(1, call);
  }

  function startAttributes(call: Invocation, facts: CallFacts, isColdStart: boolean): Attributes {
    const { event, context: platform } = call;
    return defined({
      [A.trigger]: triggerOf(facts),
      [A.event]: facts.event,
      [A.messageType]: facts.type,
      [A.route]: facts.route,
      [A.coldStart]: isColdStart,
      [A.invocationId]: platform.requestId,
      [A.functionName]: platform.functionName,
      [A.functionVersion]: platform.functionVersion,
      [A.connectionHash]: event.kind === 'other' ? undefined : ids.hash(event.connectionId),
      [A.closeCode]: event.kind === 'disconnect' ? event.code : undefined,
    });
  }

  return async <R extends InvocationAnswer>(call: Invocation, next: () => Promise<R>): Promise<R> => {
    ids.learnFrom(call.context);
    const { event } = call;
    const facts = factsOf(call);
    if (isFirst) instruments().coldStarts.add(1, { [A.trigger]: triggerOf(facts), [A.event]: facts.event });
    const attributes = startAttributes(call, facts, isFirst);
    isFirst = false;
    const span = tracer().startSpan(spanName(facts), { kind: SpanKind.SERVER, attributes });
    const connectionId = event.kind === 'other' ? undefined : event.connectionId;
    const startedAt = performance.now();

    function end(outcome: ObservedOutcome, answer: R | undefined): void {
      measure(facts, outcome, secondsSince(startedAt));
      const hasStatus = facts.event === 'connect' || facts.event === 'http';
      span.setAttributes(
        defined({
          [A.outcome]: outcome.outcome,
          [A.errorType]: outcome.code,
          [A.status]: hasStatus ? answer?.statusCode : undefined,
        }),
      );
      if (outcome.outcome === 'error') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    }

    try {
      const answer = await context.with(withInvocation({ span, connectionId }), next);
      end(outcomeOfAnswer(answer), answer);
      return answer;
    } catch (reason) {
      end(outcomeOfError(reason), undefined);
      throw reason;
    } finally {
      await flush();
    }
  };
}

/**
 * The conventions would have the function's name here, which on this platform is an id that tells nobody
 * anything.
 */
function spanName({ event, route }: CallFacts): string {
  return route === undefined ? event : `${event} ${route}`;
}

/**
 * The conventions know no websockets: their events are `other`, and say in an attribute of ours what they
 * are.
 */
function triggerOf({ event }: CallFacts): string {
  if (event === 'http' || event === 'timer') return event;
  return event === 'queue' ? 'pubsub' : 'other';
}
