import {
  createApp,
  summaryOf,
  type App,
  type Broadcaster,
  type ConnectionStore,
  type Transport,
} from 'yc-broadcast';
import type { PathBroadcaster } from 'yc-broadcast/native';
import { roomState } from 'yc-broadcast/state';
import { board, type Score, type Update } from './contract.js';
import { answerRequest } from './endpoint.js';
import { createLaneChooser } from './lanes.js';

export interface LiveBoardOptions {
  readonly store: ConnectionStore;
  /** The queue whose trigger broadcasts to every viewer. */
  readonly live: PathBroadcaster<typeof board>;
  readonly operatorKey: string;
  readonly origins: readonly string[];
  /** How long that trigger takes, in seconds: below it, sending to each is quicker, and reported. */
  readonly triggerSeconds: number;
  readonly transport?: Transport;
  readonly now?: () => number;
}

export function createLiveBoard(options: LiveBoardOptions): App<typeof board> {
  const { live, operatorKey, triggerSeconds, now = Date.now, ...parts } = options;
  if (operatorKey === '') throw new Error('OPERATOR_KEY: is empty, which would let anyone in');
  const lanes = createLaneChooser(triggerSeconds, now);
  const app = createApp({ ...parts, now, contract: board, rooms: { state: roomState() } });

  /** Anybody may watch, and begins with the score as it stands. */
  app.onConnect(async ({ state }) => {
    const current = await state('match', 'current').get('now');
    return current === undefined ? undefined : { message: { type: 'score', data: current.value } };
  });

  app.onOtherEvent(async ({ event, broadcaster }) => {
    if (event.type !== 'http') throw new Error(`nothing is done about ${event.type} events`);
    return answerRequest(event, operatorKey, (update) => show(broadcaster, update));
  });

  async function show(broadcaster: Broadcaster<typeof board>, update: Update): Promise<object> {
    const planned: Score = { ...update, at: now(), lane: 'direct', why: '' };
    const { lane, why } = await lanes.choose(broadcaster, planned);
    const score = { ...planned, lane, why };
    // Nobody is in this room: it keeps the score, which takes its lane. Of two operators at once, whoever
    // spoke last is right.
    const current = broadcaster.state('match', 'current');
    await current.update('now', (before) =>
      before !== undefined && before.at > score.at ? undefined : score,
    );
    if (lane === 'native') return { lane, why, sent: await live.send('score', score) };
    // With `queue: queueFanout(…)` in the app, what one call has not the time for is shared out by itself.
    return { lane, why, sent: summaryOf(await broadcaster.toAll().send('score', score)) };
  }

  return app;
}
