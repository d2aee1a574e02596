import { find } from './dom.js';
import { count } from './format.js';

/** Tabs as the ARIA practices describe them: arrows move, the chosen one is the only stop of the Tab key. */
export function createTabs({ onChange }) {
  const tabs = [...document.querySelectorAll('[role=tab]')];
  const nameOf = (tab) => tab.getAttribute('aria-controls');
  let chosen = tabs[0];

  function choose(tab) {
    chosen = tab;
    for (const one of tabs) {
      one.setAttribute('aria-selected', String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      find(nameOf(one)).toggleAttribute('data-chosen', one === tab);
      if (find(nameOf(one)).role === 'tabpanel') find(nameOf(one)).hidden = one !== tab;
    }
    document.body.dataset.tab = nameOf(tab);
    onChange();
  }

  for (const tab of tabs) {
    tab.addEventListener('click', () => choose(tab));
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const shown = tabs.filter(isShown);
      const next = shown.at((shown.indexOf(tab) + step) % shown.length);
      next.focus();
      choose(next);
    });
  }
  document.body.dataset.tab = nameOf(chosen);

  return {
    current: () => nameOf(chosen),
    isVisible: (name) => isShown(find(name)),
    setCount(name, number) {
      find(`tab-${name}`).querySelector('.count').textContent = count(number);
    },
  };
}

function isShown(element) {
  return element.offsetParent !== null;
}
