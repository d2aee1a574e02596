// node play.js [seconds]: an operator whose match lasts so long. 90 minutes go by, and a goal falls now and then.
import { setTimeout as wait } from 'node:timers/promises';

const seconds = Number(process.argv[2] ?? 60);
const { SCORE_URL = 'http://127.0.0.1:4510/score', OPERATOR_KEY = 'only-for-the-laptop' } = process.env;

let [home, away] = [0, 0];
for (let second = 0; second <= seconds; second++) {
  if (Math.random() < 0.05) home++;
  if (Math.random() < 0.05) away++;
  const score = { home, away, minute: Math.round((90 * second) / seconds), isFinal: second === seconds };
  const response = await fetch(SCORE_URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Operator-Key': OPERATOR_KEY },
    body: JSON.stringify(score),
  });
  const { lane, why, error } = await response.json();
  console.log(`${score.minute}' ${home}:${away}  ${error ?? `${lane}: ${why}`}`);
  if (!score.isFinal) await wait(1000);
}
