/** What the commands do. */
import type { ProbeCommand } from './command.js';
import type { Sighting } from './sighting.js';

/** What a function returns: a response, or whatever else the command asks for. */
export type ProbeOutcome = Readonly<Record<string, unknown>>;

export async function carryOut(command: ProbeCommand, seen: Sighting): Promise<ProbeOutcome> {
  switch (command.do) {
    case 'reply':
      return replyOf(command, seen);
    case 'malformed':
      return { nothing: 'that a gateway understands' };
    case 'throw':
      throw new Error('as told');
    case 'sleep':
      await new Promise((resolve) => setTimeout(resolve, command.ms));
      return json(seen);
    case 'tick':
      startTicking();
      return json(seen);
    case 'ticks':
      return json({ ...seen, ticks: [...ticks] });
    case 'event':
      return json(seen);
  }
}

function json(seen: Sighting): ProbeOutcome {
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...seen, endedAt: Date.now() }),
  };
}

function replyOf(command: Extract<ProbeCommand, { do: 'reply' }>, seen: Sighting): ProbeOutcome {
  const { status = 200, type = 'application/json', typeHeader = 'Content-Type', multiValue, bytes } = command;
  const text = JSON.stringify({ ...seen, endedAt: Date.now() });
  const body = command.body === undefined ? text : command.body;
  const filled = bytes === undefined ? body : 'x'.repeat(bytes);
  const headers =
    type === null
      ? {}
      : multiValue === true
        ? { multiValueHeaders: { [typeHeader]: [type] } }
        : { headers: { [typeHeader]: type } };
  return { statusCode: status, ...headers, ...(filled === null ? {} : { body: filled }) };
}

const TICK_MS = 50;
/** Bounds what an instance that is never frozen keeps. */
const MAX_TICKS = 200;

let ticks: number[] = [];
let ticking: NodeJS.Timeout | undefined;

/** Ticks are counted from here on: the call returns at once. */
function startTicking(): void {
  clearInterval(ticking);
  ticks = [];
  const startedAt = Date.now();
  ticking = setInterval(() => {
    ticks.push(Date.now() - startedAt);
    if (ticks.length === MAX_TICKS) clearInterval(ticking);
  }, TICK_MS);
}
