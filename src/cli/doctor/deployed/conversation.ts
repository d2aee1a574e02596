/** Whether the app speaks the protocol that `yc-broadcast/client` speaks. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import * as z from 'zod/mini';
import { parseJson } from '../../../base/json.js';
import { PROTOCOL_VERSION } from '../../../base/protocol.js';
import type { Finding } from '../finding.js';
import { ANSWER_MS, enter, type DeployedOptions, type VisitFrame, type Visit } from './visit.js';

const subject = 'Protocol';

export async function checkProtocol(options: DeployedOptions): Promise<Finding> {
  const connection = await enter(options);
  try {
    const startedAt = performance.now();
    const id = randomUUID();
    connection.send(JSON.stringify({ type: '$hello', id, data: { v: PROTOCOL_VERSION, rooms: {} } }));
    const frame = await connection.frame(({ text }) => text.includes(id));
    const ms = Math.round(performance.now() - startedAt);
    return frame === undefined ? noAnswer(connection) : judge(frame, ms);
  } finally {
    connection.end();
  }
}

function noAnswer(connection: Visit): Finding {
  const code = connection.closeCode();
  if (code !== undefined) {
    const remedy = 'look at the log of the function: what happens after connect?';
    return { subject, level: 'failure', detail: `the connection was closed with ${code} at once`, remedy };
  }
  const detail = `no answer to $hello within ${ANSWER_MS / 1000} s`;
  const remedy =
    'yc-broadcast/client needs it: handle messages with createApp; other clients work without it';
  return { subject, level: 'warning', detail, remedy };
}

const answerSchema = z.union([
  z.object({
    type: z.literal('reply'),
    data: z.object({ v: z.number(), lifetimeMs: z.number(), keepAliveMs: z.number() }),
  }),
  z.object({ type: z.literal('error'), error: z.object({ code: z.string(), message: z.string() }) }),
]);

function judge({ text, isBinary }: VisitFrame, ms: number): Finding {
  if (isBinary) {
    const remedy =
      'set Content-Type: application/json in the function’s response; the gateway chooses the frame type by it';
    return { subject, level: 'failure', detail: 'answers arrive as binary frames', remedy };
  }
  const { data: answer } = answerSchema.safeParse(parseJson(text));
  if (answer === undefined)
    return {
      subject,
      level: 'warning',
      detail: `the answer to $hello is not of version ${PROTOCOL_VERSION}`,
      remedy: UPDATE,
    };
  if (answer.type === 'error') {
    const detail = `$hello was answered with ${answer.error.code}`;
    const isStore = answer.error.code === 'STORE_UNAVAILABLE';
    return { subject, level: 'failure', detail, remedy: isStore ? STORE : UPDATE };
  }
  const { v, lifetimeMs, keepAliveMs } = answer.data;
  const minutes = (value: number): number => Math.round(value / 60_000);
  const detail = `version ${v}, answered in ${ms} ms; connections live ${minutes(lifetimeMs)} min, silent for ${minutes(keepAliveMs)}`;
  return { subject, level: 'ok', detail };
}

const UPDATE = 'deploy a version of yc-broadcast that fits this one';
const STORE = 'check the address of the store, its table, and the role ydb.editor of the function';
