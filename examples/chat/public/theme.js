// Not a module: it runs before the first paint, so that a dark page never flashes white.
(() => {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';

  function choose(theme) {
    // What the system says anyway is no choice: the page follows the system again.
    if (theme === (system.matches ? 'dark' : 'light')) delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      localStorage.setItem('chat.theme', root.dataset.theme ?? '');
    } catch {
      // Works without storage, too; it then only forgets.
    }
  }

  try {
    const chosen = localStorage.getItem('chat.theme');
    if (chosen) root.dataset.theme = chosen;
  } catch {
    // As above.
  }

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const show = () => button.setAttribute('aria-pressed', String(isDark()));
    button.addEventListener('click', () => {
      choose(isDark() ? 'light' : 'dark');
      show();
    });
    system.addEventListener('change', show);
    show();
  });
})();
