/**
 * `SendMessageBatch` in the Query protocol, the one that Message Queue documents: a form goes there, XML
 * comes back.
 */
import type { HttpAnswer } from '../../base/http-client.js';
import type { QueueMessage } from '../message-queue.js';
import { refusalOfAnswer, refusalOfCode, type QueueRefusal } from './refusal.js';

export const FORM_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** A batch as the body of a request. Entries are numbered, and their places are their ids. */
export function batchForm(queueUrl: string, batch: readonly QueueMessage[]): string {
  const form = new URLSearchParams({ Action: 'SendMessageBatch', Version: '2012-11-05', QueueUrl: queueUrl });
  batch.forEach(({ body, delaySeconds }, index) => {
    const entry = `SendMessageBatchRequestEntry.${index + 1}`;
    form.append(`${entry}.Id`, String(index));
    form.append(`${entry}.MessageBody`, body);
    if (delaySeconds !== undefined) form.append(`${entry}.DelaySeconds`, String(delaySeconds));
  });
  return form.toString();
}

/** What became of a batch. */
export interface BatchOutcome {
  /** Messages whose taking was not confirmed. */
  readonly rest: readonly QueueMessage[];
  /** Why, if there are any. */
  readonly refusal: QueueRefusal | undefined;
}

export function outcomeOf(batch: readonly QueueMessage[], answer: HttpAnswer): BatchOutcome {
  if (answer.status !== 200) return { rest: batch, refusal: refusalOfAnswer(answer) };
  const taken = new Set(
    elements(answer.body, 'SendMessageBatchResultEntry').map((entry) => text(entry, 'Id')),
  );
  const rest = batch.filter((_, index) => !taken.has(String(index)));
  if (rest.length === 0) return { rest, refusal: undefined };
  const [failed = ''] = elements(answer.body, 'BatchResultErrorEntry');
  return { rest, refusal: refusalOfCode(200, text(failed, 'Code') ?? '') };
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inner = '']) => inner);
}

export function text(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1];
}
