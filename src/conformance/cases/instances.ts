import { parseJson } from '../../base/json.js';
import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import type { Sighting } from '../probe/sighting.js';
import type { RawAnswer } from '../wire/http.js';
import { ask, enter, next } from './steps.js';

export const instanceCases: readonly ConformanceCase[] = [
  {
    id: 'ids.request',
    question: 'Have two messages of one connection the same request id?',
    source: 'assumed; the published samples of one connection share an id',
    assumed: 'an id for each event',
    answers: {
      'an id for each event': 'A request id tells one call from another.',
      'one id for a connection':
        'With concurrency over 1, calls of one client may be refused: see concurrency.same-connection.',
    },
    how: 'The function replies to two messages with the ids of their events.',
    probe: requestIds,
  },
  {
    id: 'concurrency.same-connection',
    question: 'Are two messages of one client handled at once by a function with concurrency 4?',
    source: 'assumed; concurrent calls need unique request ids (documented)',
    assumed: 'all handled',
    answers: {
      'all handled': 'Concurrency over 1 is safe for websockets.',
      'some lost': 'Set the concurrency of functions behind websockets to 1.',
    },
    how: 'Four messages are sent at once to such a function, which takes 300 ms for each.',
    probe: sameConnection,
  },
  {
    id: 'concurrency.timeout-of-another',
    question: 'What becomes of a call whose instance is stopped because another call takes too long?',
    source: 'assumed; that they are ended is documented',
    assumed: 'HTTP 502',
    answers: {
      'HTTP 502': 'One slow call ends others: keep the time limit well above what calls need.',
      'HTTP 504': 'One slow call ends others, which look slow as well.',
      'HTTP 200': 'Calls of an instance do not end each other.',
    },
    otherwise: 'Nothing, if no call was on that instance: run it again. Else one slow call ends others.',
    how: 'One call over HTTP takes too long; eight others, begun later, are on instances of the same function.',
    probe: timeoutOfAnother,
  },
  {
    id: 'freeze.after-return',
    question: 'How long does an instance run on after a call has returned?',
    source: 'assumed; documented is "for some time"',
    assumed: 'frozen at once',
    answers: {
      'frozen at once': 'What is not awaited is not done.',
      'runs on for a while': 'What is not awaited may be done, and may be cut off anywhere.',
      'runs on': 'What is not awaited was done in this run; the documentation does not promise it.',
    },
    how: 'The function starts a timer of 50 ms and returns; three seconds later it says when the timer fired.',
    probe: freezing,
  },
];

async function requestIds(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  const first = await ask(bench, socket, { do: 'event' });
  const second = await ask(bench, socket, { do: 'event' });
  socket.close(1000);
  return first.requestId === second.requestId ? 'one id for a connection' : 'an id for each event';
}

async function sameConnection(bench: Bench): Promise<Observation> {
  const socket = await enter(bench, { path: 'shared' });
  await ask(bench, socket, { do: 'event' });
  const known = socket.messages.length;
  for (let sent = 0; sent < 4; sent++) socket.text(bench.text({ do: 'sleep', ms: 300 }));
  for (let came = 0; came < 4; came++) if ((await next(socket, bench.timeoutMs)) === undefined) break;
  const answered = socket.messages.length - known;
  socket.close(1000);
  return { seen: answered === 4 ? 'all handled' : 'some lost', figures: { answered } };
}

async function timeoutOfAnother(bench: Bench): Promise<Observation> {
  const { timeoutMs } = bench;
  const told = bench.sightings(isMessage).length;
  const slow = bench.call({ do: 'sleep', ms: 2 * timeoutMs, report: true });
  await bench.pause(timeoutMs / 2);
  const others = Array.from({ length: 8 }, () => bench.call({ do: 'sleep', ms: 0.75 * timeoutMs }));
  const answers = await Promise.all(others);
  await slow;
  const [slowCall] = bench.sightings(isMessage).slice(told);
  const failed = answers.filter(({ status }) => status !== 200);
  const survived = answers.filter((one) => isOn(slowCall?.instance, one)).length;
  const figures = { calls: answers.length, ended: failed.length, survived };
  const [first] = failed;
  if (first !== undefined) return { seen: `HTTP ${first.status}`, figures };
  return { seen: survived > 0 ? 'HTTP 200' : 'no call on the same instance', figures };
}

const isMessage = ({ event }: Sighting): boolean => event === 'MESSAGE';

function isOn(instance: string | undefined, { status, body }: RawAnswer): boolean {
  if (status !== 200) return false;
  const sighting = parseJson(body.toString('utf8')) as Sighting | undefined;
  return instance !== undefined && sighting?.instance === instance;
}

const WATCH_MS = 3000;
const TRIES = 40;
/** Ticks come every 50 ms: this far apart there was no processor time between. */
const GAP_MS = 500;

async function freezing(bench: Bench): Promise<Observation> {
  const socket = await enter(bench);
  const { instance } = await ask(bench, socket, { do: 'tick' });
  await bench.pause(WATCH_MS);
  for (let tried = 0; tried < TRIES; tried++) {
    const answer = await ask(bench, socket, { do: 'ticks' });
    if (answer.instance !== instance) continue;
    const ranMs = ranFor(answer.ticks ?? []);
    const seen = ranMs < 150 ? 'frozen at once' : ranMs > 0.8 * WATCH_MS ? 'runs on' : 'runs on for a while';
    return { seen, figures: { ranMs } };
  }
  return { seen: 'instance not met again', figures: { tries: TRIES } };
}

/** The last tick before the first gap. */
function ranFor(ticks: readonly number[]): number {
  let last = 0;
  for (const tick of ticks) {
    if (tick - last > GAP_MS) break;
    last = tick;
  }
  return last;
}
