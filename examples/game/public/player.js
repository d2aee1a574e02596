/** Who plays in this tab: a secret key and a name. Two tabs are two players, which is how to try the game alone. */

export function loadKey() {
  const key = recall('sessionStorage', 'game.key') ?? newKey();
  remember('sessionStorage', 'game.key', key);
  return key;
}

export const loadName = () => recall('localStorage', 'game.name') ?? '';
export const saveName = (name) => remember('localStorage', 'game.name', name);

/** Random, and available on pages without TLS too, where `crypto.randomUUID` is not. */
const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

/** A page must work where storage is switched off, which throws when it is only looked at; it then only forgets. */
function remember(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch {
    // Nothing to be done.
  }
}

function recall(storage, key) {
  try {
    return window[storage].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}
