/**
 * Who this tab is: a secret key and a name. A new tab suggests the person of the last one: with the same name it is the
 * same person in a second tab, with another name it is somebody else, which is how to try a chat alone.
 */
import { newId } from './session.js';

const KEY = 'chat.person';
export const MAX_NAME = 32;

export function loadPerson() {
  return recall('sessionStorage');
}

export function suggestedName() {
  return recall('localStorage')?.name ?? '';
}

/** Keeps the key of this tab's person, so that a new name is a rename. */
export function savePerson(name) {
  const last = recall('localStorage');
  const known = loadPerson() ?? (last?.name === name ? last : undefined);
  const person = { key: known?.key ?? newId(), name };
  for (const storage of ['sessionStorage', 'localStorage']) remember(storage, KEY, person);
  return person;
}

/** A page must work where storage is switched off, which throws when it is only looked at; it then only forgets. */
export function remember(storage, key, value) {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to be done.
  }
}

export function recall(storage, key = KEY) {
  try {
    return JSON.parse(window[storage].getItem(key)) ?? undefined;
  } catch {
    return undefined;
  }
}
