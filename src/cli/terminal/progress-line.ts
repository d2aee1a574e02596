import type { Progress } from '../../index.js';

/** A line that is written over again and again. */
export interface ProgressLine {
  show(progress: Progress): void;
  /** Takes the line away. */
  clear(): void;
}

/** What the line needs of a terminal. */
export interface LineTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const CLEAR = '\r\u001b[K';

/** A progress bar for a terminal; `undefined` where nobody watches, such as a pipe or a file. */
export function createProgressLine(terminal: LineTerminal): ProgressLine | undefined {
  if (terminal.isTTY !== true) return undefined;
  return {
    show(progress) {
      terminal.write(CLEAR + progressText(progress).slice(0, (terminal.columns ?? 80) - 1));
    },
    clear() {
      terminal.write(CLEAR);
    },
  };
}

function progressText({ done, total, elapsedMs, failed }: Progress): string {
  const seconds = elapsedMs / 1000;
  const perSecond = seconds === 0 ? 0 : done / seconds;
  const pace = `${Math.round(perSecond).toLocaleString('en')}/s`;
  const trouble = failed === 0 ? '' : `  ${failed.toLocaleString('en')} failed`;
  if (total === undefined || total === 0) return `  ${done.toLocaleString('en')} done  ${pace}${trouble}`;
  // People join while it runs, so more may be done than there were at first.
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const counts = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  const left = perSecond === 0 ? '' : `  ${Math.ceil(Math.max(0, total - done) / perSecond)} s left`;
  return `  ${bar} ${Math.floor(share * 100)}%  ${counts}  ${pace}${left}${trouble}`;
}
