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

/** What is wrong with a file that does not export what is wanted, and what to do about it. */
export function missingExport(written: string, wanted: string, exported: readonly string[]): string {
  const names = exported.filter((name) => name !== 'default' && name !== 'module.exports');
  const isDefault = names.length === 0 && exported.includes('default');
  const instead = isDefault ? 'a default export' : names.length === 0 ? 'nothing' : names.join(', ');
  const remedy = names.length === 0 ? `write: export const ${wanted} = …` : 'choose one with file#name';
  return `${written} has no export '${wanted}'; it exports ${instead}: ${remedy}`;
}

/**
 * For code that fails because it is written as CommonJS in a file that is an ES module; `undefined` for all
 * else.
 */
export function commonJsProblem(reason: unknown): string | undefined {
  if (!(reason instanceof ReferenceError) || !/^(?:module|exports) is not defined/.test(reason.message))
    return undefined;
  return 'it is an ES module, which has no module.exports: write export const …, or name the file .cjs';
}
