import type { Stop } from '../base/emitter.js';

/** What a browser tells of the network and the tab. */
export interface PageEvents {
  readonly onOnline: () => void;
  readonly onOffline: () => void;
  /** The tab is looked at again: it, or the whole machine, may have slept. */
  readonly onVisible: () => void;
}

interface Target {
  addEventListener?(type: string, listener: (event: { readonly persisted?: boolean }) => void): void;
  removeEventListener?(type: string, listener: (event: { readonly persisted?: boolean }) => void): void;
}

/** Nothing happens outside browsers. */
export function watchPage({ onOnline, onOffline, onVisible }: PageEvents): Stop {
  const page = globalThis as Target & { readonly document?: Target & { readonly hidden: boolean } };
  const { document } = page;
  const onVisibility = (): void => {
    if (document?.hidden === false) onVisible();
  };
  // Out of the back-forward cache, without its sockets.
  const onShow = ({ persisted }: { readonly persisted?: boolean }): void => {
    if (persisted !== true) return;
    onOffline();
    onOnline();
  };
  const watched = [
    [page, 'pageshow', onShow],
    [page, 'online', onOnline],
    [page, 'offline', onOffline],
    [document, 'visibilitychange', onVisibility],
  ] as const;
  for (const [target, type, listener] of watched) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type, listener] of watched) target?.removeEventListener?.(type, listener);
  };
}
