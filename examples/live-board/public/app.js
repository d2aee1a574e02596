/** The board of a page. It only listens: a score is the same for everybody, whichever way it comes. */
import { connect, nativeLane } from './yc-broadcast/client.js';

const LANES = { direct: 'Sent to each', native: 'One message for the path', dispatch: 'Shared out' };

const element = (id) => document.getElementById(id);
let shownAt = 0;

const client = connect({
  url: `${location.origin.replace('http', 'ws')}/ws`,
  // Takes messages out of the envelope in which the platform's trigger sends them.
  WebSocket: nativeLane(),
});
client.on('score', show);
client.onState(({ state }) => {
  element('connection').hidden = state !== 'connecting' || shownAt === 0;
});

function show(score) {
  // They may overtake each other: the newest one holds.
  if (score.at <= shownAt) return;
  shownAt = score.at;
  for (const side of ['home', 'away']) setScore(element(side), String(score[side]));
  element('minute').textContent = score.isFinal ? 'Full time' : `${score.minute}′`;
  document.body.classList.toggle('is-live', !score.isFinal);
  element('lane').textContent = LANES[score.lane] ?? score.lane;
  element('why').textContent = score.why;
  document.title = `${score.home}:${score.away} Live board`;
}

function setScore(output, text) {
  if (output.textContent === text) return;
  const isGoal = output.textContent !== '–';
  output.textContent = text;
  if (isGoal)
    output.animate([{ transform: 'scale(1.25)' }, { transform: 'none' }], {
      duration: 400,
      easing: 'ease-out',
    });
}
