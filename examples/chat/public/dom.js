/** Builds elements. Text only ever becomes text: nothing in this page parses HTML. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role' || name === 'for') made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

export function find(id) {
  return document.getElementById(id);
}

/** A disc with an initial, in a colour of the person's own. */
export function avatar({ user, name }) {
  const disc = element('span', { className: 'avatar', 'aria-hidden': 'true' }, initialOf(name));
  tint(disc, user);
  return disc;
}

/** Lightness and chroma come from the style sheet, so every hue is readable. */
export function tint(target, user) {
  target.style.setProperty('--hue', hueOf(user));
}

function initialOf(name) {
  return [...name.trim()][0]?.toLocaleUpperCase() ?? '?';
}

function hueOf(user) {
  let hash = 0;
  for (const character of user) hash = (Math.imul(hash, 31) + character.codePointAt(0)) >>> 0;
  // Twelve steps: two people differ clearly or not at all.
  return (hash % 12) * 30 + 15;
}

const LINK = /https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/g;

/** Text with its links made clickable, as nodes. */
export function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    nodes.push(text.slice(end, index));
    nodes.push(element('a', { href: link, target: '_blank', rel: 'noopener noreferrer' }, link));
    end = index + link.length;
  }
  return [...nodes, text.slice(end)];
}
