import type { BroadcastError } from '../base/errors.js';

/** A command in the overview. Its code is loaded when it is called: each needs other packages. */
export interface CommandEntry {
  /** Name and arguments. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  load(): Promise<Command>;
}

export interface Command {
  /** What `--help` prints: options with their defaults, then examples. */
  readonly help: string;
  /**
   * Resolves with the exit code. A mistake of the user's rejects with a {@link CliError} or a
   * `BroadcastError`.
   */
  run(args: readonly string[]): Promise<number>;
}

/** Something that the user can put right; shown as one line, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 1: it did not work. 2: the command was called wrongly. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(message, 2);
}

/** What to print for anything that was thrown. Only what nobody foresaw comes with its stack. */
export function toFailure(reason: unknown): { readonly message: string; readonly exitCode: number } {
  if (reason instanceof CliError) return reason;
  if (isParseArgsError(reason)) return { message: firstSentence(reason.message), exitCode: 2 };
  if (isBroadcastError(reason)) {
    return { message: reason.message.slice(reason.code.length + 2), exitCode: 1 };
  }
  if (isPermissionError(reason)) {
    const remedy = 'choose a folder that you may write to, or change its permissions';
    return { message: `${reason.message}; ${remedy}`, exitCode: 1 };
  }
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  return { message: text, exitCode: 1 };
}

/** By name, since the user's code may come with a copy of this library of its own. */
function isBroadcastError(reason: unknown): reason is BroadcastError {
  return reason instanceof Error && reason.name === 'BroadcastError' && 'code' in reason;
}

function isParseArgsError(reason: unknown): reason is Error {
  return reason instanceof Error && String(Reflect.get(reason, 'code')).startsWith('ERR_PARSE_ARGS');
}

/** Of the operating system; its message names what was tried and the path. */
function isPermissionError(reason: unknown): reason is Error {
  if (!(reason instanceof Error) || !('syscall' in reason)) return false;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(String(Reflect.get(reason, 'code')));
}

/** Node.js explains at length how a positional argument may begin with a dash. */
function firstSentence(message: string): string {
  const [first = message] = message.split('. ');
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}; see --help`;
}
