import { useEffect, useState } from 'react';
import type { Note } from '../contract.js';
import { client, usePresence, useRoom } from './client.js';

interface PinnedNote extends Note {
  readonly id: string;
}

/** One room: what is pinned there, and who is there now. */
export function Wall({ name }: { readonly name: string }) {
  const [notes, setNotes] = useState<readonly PinnedNote[]>();
  const [hasGap, setHasGap] = useState(false);
  const room = useRoom(client, name, {
    on: {
      pinned: (note, { id }) => {
        setNotes((before) => merged(before, [{ ...note, id }]));
      },
    },
    onRecovery: ({ recovered }) => {
      if (!recovered) setHasGap(true);
    },
  });
  const { users, count } = usePresence(room);

  // What is older than this page. In the room first: whatever comes in between is in both, and shown once.
  useEffect(() => {
    room?.joined
      .then(() => client.request('notes', { room: name }))
      .then((kept) => {
        const newestFirst = kept.map(({ id, data }) => ({ ...data, id })).reverse();
        setNotes((before) => merged(before, newestFirst));
      })
      .catch(() => undefined); // Left, or refused: there is nobody to show them to.
  }, [room, name]);

  return (
    <main>
      <ul className="people" aria-label="Here">
        {users?.map(({ user, data }) => (
          <li key={user} className={user === client.user ? 'me' : ''}>
            {typeof data === 'string' ? data : user}
          </li>
        ))}
        {users === undefined && <li>{count ?? '…'} here</li>}
      </ul>
      <Composer room={name} />
      {hasGap && <p className="gap">You were away for too long: some notes are missing here.</p>}
      <ul className="notes">
        {notes?.map(({ id, user, name: author, text, at }) => (
          <li key={id} className={user === client.user ? 'me' : ''}>
            <p>{text}</p>
            <footer>
              {author}, {new Date(at).toLocaleTimeString([], { timeStyle: 'short' })}
            </footer>
          </li>
        ))}
      </ul>
      {notes?.length === 0 && (
        <p className="empty">Nothing pinned yet. Open this page in a second tab, and pin something.</p>
      )}
    </main>
  );
}

/** Each note once, the newest first. A note may be read from the history before it is heard. */
function merged(before: readonly PinnedNote[] = [], more: readonly PinnedNote[]): readonly PinnedNote[] {
  const known = new Set(before.map(({ id }) => id));
  return [...more.filter(({ id }) => !known.has(id)), ...before].sort((a, b) => b.at - a.at);
}

/** A note without a connection waits, and is sent when there is one. */
function Composer({ room }: { readonly room: string }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');

  async function pin(): Promise<void> {
    if (text.trim() === '') return;
    setText('');
    setProblem('');
    await client.request('pin', { room, text }).catch((error: unknown) => {
      setText(text);
      setProblem(`Not pinned (${String((error as { code?: unknown }).code)})`);
    });
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void pin();
      }}
    >
      <input
        aria-label="Note"
        maxLength={280}
        placeholder={`Pin a note in #${room}`}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
        }}
      />
      <button>Pin</button>
      {problem !== '' && <p className="gap">{problem}</p>}
    </form>
  );
}
