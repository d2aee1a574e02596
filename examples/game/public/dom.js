export const find = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** The symbol of a seat, so that nobody has to tell colours apart. */
export const symbolOf = (seat) => svg(`seat-${seat}`);

export function svg(id) {
  const image = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#${id}`);
  image.setAttribute('aria-hidden', 'true');
  image.append(use);
  return image;
}
