/** Finds an element of the page by its id. */
export const find = (id) => document.getElementById(id);

/** Makes an element. Text goes in as text, so nothing that a client has sent can become markup. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A cell of a table; `className` may be left out. */
export function cell(content, className) {
  return make('td', { className: className ?? '' }, content);
}

export function button(text, onclick, properties = {}) {
  return make('button', { type: 'button', onclick, ...properties }, text);
}

/** Shows the hint below a table that has no rows, or hides it. */
export function tellEmpty(table, isEmpty, text) {
  const hint = table.parentElement.querySelector('.empty');
  hint.hidden = !isEmpty;
  hint.textContent = text;
}
