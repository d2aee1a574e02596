import { ask, read } from './api.js';
import { createBroadcasts } from './broadcasts.js';
import { createConnections } from './connections.js';
import { find } from './dom.js';
import { count, megabytes } from './format.js';
import { createFaults } from './faults.js';
import { createInstances } from './instances.js';
import { createQueues } from './queues.js';
import { createRooms } from './rooms.js';
import { createSendBox } from './send-box.js';
import { createTabs } from './tabs.js';
import { createTimeline } from './timeline.js';

const EVERY_MS = 1000;

const sendBox = createSendBox({ onSent: soon });
const timeline = createTimeline({ onChange: soon });
const connections = createConnections({ onChange: soon, onTarget: sendBox.aim, onTimeline: timeline.follow });
const rooms = createRooms({ onChange: soon, onTarget: sendBox.aim });
const broadcasts = createBroadcasts({ onChange: soon });
const instances = createInstances({ onChange: soon });
const faults = createFaults({ onChange: soon });
const queues = createQueues();
const panels = { connections, rooms, broadcasts, queues, instances, faults };
const tabs = createTabs({ onChange: soon });

let isPaused = false;
let timer;
let underWay;

/** One look at the gateway: its state, what happened, and what the open tab shows. */
async function look() {
  const status = await read('status');
  showStatus(status);
  sendBox.offer(status.paths);
  if (tabs.isVisible('timeline')) await timeline.refresh();
  // On a narrow screen the timeline is a tab, and refreshed already.
  await panels[tabs.current()]?.refresh(status);
}

function showStatus({ now, clock, underWay: calls, memoryBytes, ...counts }) {
  for (const name of Object.keys(panels)) tabs.setCount(name, counts[name]);
  const working = calls === 0 ? '' : ` · ${count(calls)} under way`;
  const time = clock === 'manual' ? ` · clock at ${new Date(now).toLocaleTimeString('en-GB')}` : '';
  find('facts').textContent = `${megabytes(memoryBytes)}${working}${time}`;
  find('clock').hidden = clock !== 'manual';
}

function showState(state, text) {
  find('state').dataset.state = state;
  find('state').textContent = text;
}

/** Looks once more than is under way already, so that whoever has just done something sees it. */
async function soon() {
  clearTimeout(timer);
  await underWay;
  clearTimeout(timer);
  underWay = look().then(
    () => showState(isPaused ? 'paused' : 'live', isPaused ? 'paused' : 'live'),
    ({ status, message }) =>
      showState('lost', status === 401 ? 'open the address that dev printed' : message),
  );
  await underWay;
  if (!isPaused && !document.hidden) timer = setTimeout(soon, EVERY_MS);
}

find('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  find('pause').setAttribute('aria-pressed', String(isPaused));
  find('pause').textContent = isPaused ? 'Go on' : 'Pause';
  void soon();
});

find('clock').addEventListener('submit', (event) => {
  event.preventDefault();
  ask('POST', 'clock', { advance: find('clock-by').value }).then(soon, ({ message }) =>
    showState('lost', message),
  );
});

document.addEventListener('visibilitychange', () => void soon());
void soon();
