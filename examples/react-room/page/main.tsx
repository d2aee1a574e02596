import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useClientState, client } from './client.js';
import { Wall } from './wall.js';

const ROOMS = ['lobby', 'ideas', 'lunch'];
const STATES = { connecting: 'Connecting …', open: 'Connected', closed: 'Disconnected' };

function App() {
  const [room, setRoom] = useState('lobby');
  const state = useClientState(client);
  return (
    <>
      <header>
        <h1>Wall</h1>
        <nav>
          {ROOMS.map((name) => (
            <button
              key={name}
              aria-current={name === room}
              onClick={() => {
                setRoom(name);
              }}
            >
              #{name}
            </button>
          ))}
        </nav>
        <output className={state}>{STATES[state]}</output>
      </header>
      {/* The key makes each room a component: it joins when it appears, and leaves when it goes. */}
      <Wall key={room} name={room} />
    </>
  );
}

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
