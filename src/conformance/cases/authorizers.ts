import type { Bench } from '../bench.js';
import type { ConformanceCase, Observation } from '../case.js';
import { ask, enter } from './steps.js';

export const authorizerCases: readonly ConformanceCase[] = [
  {
    id: 'authorizer.asked-for-messages',
    question: 'Is the authorizer of a message operation called for each message?',
    source: 'assumed',
    assumed: 'not called',
    answers: {
      'not called': 'An authorizer costs one call for a connection.',
      called: 'An authorizer costs a call for each message: leave `security` out of message operations.',
    },
    how: 'Two messages go to a path whose message operation is secured; the authorizer reports its calls.',
    probe: askedForMessages,
  },
  {
    id: 'authorizer.context-of-messages',
    question: 'Do events of messages have what the authorizer said of the client?',
    source: 'assumed; an official example relies on it',
    assumed: 'present',
    answers: {
      present: 'Handlers can read it, where the message operation is secured.',
      absent: 'Store it at connect.',
    },
    how: 'The authorizer returns a context; the function looks for it in the event of a message.',
    probe: async (bench) => {
      const socket = await enter(bench, { path: 'guarded' });
      const { shape } = await ask(bench, socket, { do: 'event' });
      return shape?.hasAuthorizer === true ? 'present' : 'absent';
    },
  },
  {
    id: 'authorizer.missing',
    question: 'What does a client without a credential see?',
    source: 'documented: function authorizers',
    assumed: 'HTTP 401',
    answers: { 'HTTP 401': 'As documented.' },
    otherwise: 'Look at what clients make of that status.',
    how: 'A handshake without the key in the query.',
    probe: async (bench) => `HTTP ${(await bench.open({ path: 'guarded', query: { key: '' } })).status}`,
  },
  {
    id: 'authorizer.denied',
    question: 'What does a client see that the authorizer turns away?',
    source: 'documented: function authorizers',
    assumed: 'HTTP 403',
    answers: { 'HTTP 403': 'As documented.' },
    otherwise: 'Look at what clients make of that status.',
    how: 'A handshake with a wrong key.',
    probe: async (bench) => `HTTP ${(await bench.open({ path: 'guarded', query: { key: 'wrong' } })).status}`,
  },
];

async function askedForMessages(bench: Bench): Promise<Observation> {
  const calls = (): number => bench.sightings((one) => one.event === 'AUTHORIZE').length;
  const socket = await enter(bench, { path: 'guarded' });
  await bench.pause(bench.quietMs);
  const before = calls();
  for (let sent = 0; sent < 2; sent++) await ask(bench, socket, { do: 'event' });
  await bench.pause(bench.quietMs);
  return calls() > before ? 'called' : 'not called';
}
