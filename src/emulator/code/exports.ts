/** What a module exports, by name; of a CommonJS module, the members of `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

export function namedExports(module: Exports): Exports {
  const fallback = module['default'];
  return typeof fallback === 'object' && fallback !== null ? { ...fallback, ...module } : module;
}

/** Names of the exports, for the message that the wanted one is not among them. */
export function exportedNames(exports: Exports): string {
  const names = Object.keys(exports).filter((name) => name !== 'default' && name !== 'module.exports');
  return names.length === 0 ? 'nothing' : names.join(', ');
}
