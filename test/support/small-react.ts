/**
 * As much of React as hooks need: one component, effects behind each rendering, another rendering when a
 * state changes.
 */
import type { ReactHooks } from 'yc-broadcast/client/react';

interface Slot {
  value?: unknown;
  dependencies?: readonly unknown[] | undefined;
  cleanUp?: (() => void) | undefined;
}

export interface SmallReact extends ReactHooks {
  /** Renders, until nothing changes any more; and again by itself whenever a state changes. */
  mount(component: () => void): void;
  unmount(): void;
}

export function createSmallReact(): SmallReact {
  const slots: Slot[] = [];
  let next = 0;
  let component: (() => void) | undefined;
  let effects: (() => void)[] = [];
  let isRendering = false;
  let isStale = false;

  function slot(): Slot {
    const own = slots[next] ?? {};
    slots[next++] = own;
    return own;
  }

  function render(): void {
    isStale = true;
    if (isRendering) return;
    isRendering = true;
    while (isStale && component !== undefined) {
      isStale = false;
      next = 0;
      effects = [];
      component();
      for (const effect of effects) effect();
    }
    isRendering = false;
  }

  function useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void {
    const own = slot();
    const isSame = dependencies?.every((one, index) => Object.is(one, own.dependencies?.[index])) === true;
    if (isSame && own.dependencies !== undefined) return;
    own.dependencies = dependencies;
    effects.push(() => {
      own.cleanUp?.();
      own.cleanUp = effect() ?? undefined;
    });
  }

  function useState<T>(initial: T): readonly [T, (next: T) => void] {
    const own = slot();
    if (!('value' in own)) own.value = initial;
    const set = (value: T): void => {
      if (Object.is(own.value, value)) return;
      own.value = value;
      render();
    };
    return [own.value as T, set];
  }

  return {
    useEffect,
    useState,
    useRef<T>(initial: T) {
      const own = slot();
      own.value ??= { current: initial };
      return own.value as { current: T };
    },
    useSyncExternalStore(subscribe, snapshot) {
      const [value, set] = useState(snapshot());
      useEffect(
        () =>
          subscribe(() => {
            set(snapshot());
          }),
        [subscribe],
      );
      return value;
    },
    mount(given) {
      component = given;
      render();
    },
    unmount() {
      component = undefined;
      for (const own of slots) {
        own.cleanUp?.();
        // Mounted again, it begins anew, as in React's StrictMode.
        own.cleanUp = undefined;
        own.dependencies = undefined;
      }
    },
  };
}
