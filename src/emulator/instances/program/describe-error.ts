/**
 * The stack of an error without the lines that are ours or Node's own: they say nothing about the function.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split('\n');
  return lines
    .filter(
      (line) => !/^\s+at .*(\/yc-broadcast-[^/]+\/instance\.cjs|node:internal\/|node:async_hooks)/.test(line),
    )
    .join('\n');
}
