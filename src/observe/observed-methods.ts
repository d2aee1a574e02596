/** Around one call of a method. */
export type AroundMethod = <R>(name: string, args: readonly unknown[], run: () => Promise<R>) => Promise<R>;

/**
 * The same object with something around those of its methods that are named. Everything else, also what is
 * added to the interface one day, passes through as it is.
 */
export function withMethods<T extends object>(target: T, names: readonly string[], around: AroundMethod): T {
  return withProperties(target, (name, value) => {
    if (!names.includes(name) || typeof value !== 'function') return undefined;
    const method = value as (...args: unknown[]) => Promise<unknown>;
    return (...args: unknown[]) => around(name, args, () => method.apply(target, args));
  });
}

/** The same object, but for the properties that `replace` knows something better for. Each is made once. */
export function withProperties<T extends object>(
  target: T,
  replace: (name: string, value: unknown) => unknown,
): T {
  const made = new Map<string | symbol, { readonly from: unknown; readonly property: unknown }>();

  function propertyOf(name: string | symbol, value: unknown): unknown {
    const replaced = typeof name === 'string' ? replace(name, value) : undefined;
    if (replaced !== undefined) return replaced;
    // Classes with private fields know only themselves.
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
  }

  // The proxy's own target is empty, so that a frozen object can have something around it, too.
  return new Proxy({} as T, {
    get(_empty, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' && typeof value !== 'object') return value;
      let known = made.get(name);
      if (known?.from !== value) made.set(name, (known = { from: value, property: propertyOf(name, value) }));
      return known.property;
    },
    has: (_empty, name) => Reflect.has(target, name),
    ownKeys: () => Reflect.ownKeys(target),
    getOwnPropertyDescriptor(_empty, name) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
  });
}
