const MAX_FRAMES = 20;

/**
 * The lines of an error's stack that name a place in a file. A stack begins with the message, which may hold
 * lines that look the same, so what is not known to come behind it is left out.
 */
export function stackFrames({ stack = '', message }: Error): string | undefined {
  const at = stack.indexOf(message);
  if (at === -1) return undefined;
  return stack
    .slice(at + message.length)
    .match(/^ +at .*:\d+:\d+\)?$/gm)
    ?.slice(0, MAX_FRAMES)
    .join('\n');
}
