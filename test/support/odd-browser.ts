import type { BrowserContext } from 'playwright-core';

/**
 * A browser as some are: no language tag (WebKitGTK says `C`), storage that throws when it is only looked at,
 * no `crypto.randomUUID` and no clipboard (pages without TLS), states of a tab that no page expects.
 */
export async function makeOdd(context: BrowserContext, language: string): Promise<void> {
  await context.addInitScript(`{
    const set = (target, name, get) => Object.defineProperty(target, name, { configurable: true, get });
    const refuse = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
    set(Navigator.prototype, 'language', () => ${JSON.stringify(language)});
    set(Navigator.prototype, 'languages', () => []);
    set(Navigator.prototype, 'clipboard', () => undefined);
    set(window, 'localStorage', refuse);
    set(window, 'sessionStorage', refuse);
    set(Document.prototype, 'visibilityState', () => 'unloaded');
    set(Document.prototype, 'hidden', () => undefined);
    crypto.randomUUID = undefined;
  }`);
}
