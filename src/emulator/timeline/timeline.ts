/** What happened at the gateway, in order. The one source of the log and of what tests ask for. */
export interface TimelineEntry {
  /** Unix milliseconds, by the gateway's clock. */
  readonly at: number;
  readonly type:
    | 'connect'
    | 'message'
    | 'disconnect'
    | 'send'
    | 'get'
    | 'kick'
    | 'close'
    | 'http'
    /** Messages were put into a queue, or something became of them there. */
    | 'queue'
    /** A trigger has handed on what it read from a queue. */
    | 'trigger'
    /** An instance has ended that was not meant to. */
    | 'exit'
    /** A call has returned before what it had begun was finished. */
    | 'unawaited'
    /** The source of a function has changed. */
    | 'reload'
    /** Something that will not work in the cloud. */
    | 'notice';
  readonly connectionId?: string | undefined;
  readonly path?: string | undefined;
  /** Name of the queue that it is about. */
  readonly queue?: string | undefined;
  /** How many messages of the queue. */
  readonly messages?: number | undefined;
  /** Of an HTTP request. */
  readonly method?: string | undefined;
  /** How the management API was called, or that the inspector or the command line did it. */
  readonly via?: 'REST' | 'gRPC' | 'inspector' | undefined;
  /**
   * HTTP status of the function's or of the management API's answer, or the close code. Of a gRPC answer the
   * HTTP status that means the same.
   */
  readonly status?: number | undefined;
  /** How long the function or the management API took, in milliseconds. */
  readonly durationMs?: number | undefined;
  /** What the client or the caller sent, in bytes. */
  readonly bytes?: number | undefined;
  /** What the function's response put on the socket, in bytes. */
  readonly replyBytes?: number | undefined;
  readonly frame?: 'text' | 'binary' | undefined;
  /** The instance that took the call, or that the entry is about. */
  readonly instance?: number | undefined;
  /** How long the instance took to start, in milliseconds, when the call had to wait for it. */
  readonly coldMs?: number | undefined;
  /** Of the code, after a reload. */
  readonly generation?: number | undefined;
  /** Why, in words; always there when something was refused, closed or went wrong. */
  readonly reason?: string | undefined;
  /** The fault that acted on it, in its textual form. */
  readonly fault?: string | undefined;
  readonly level: 'info' | 'warning' | 'error';
}

/** What happened; when, and that it was nothing special, need not be said. */
export type NewEntry = Omit<TimelineEntry, 'at' | 'level'> & { readonly level?: TimelineEntry['level'] };

export interface Timeline {
  add(entry: NewEntry): void;
  entries(): readonly TimelineEntry[];
  /**
   * Of the entries behind a number those that pass the filter, the oldest first; when there are more than
   * `limit`, the latest. Entries are numbered from 1 in the order in which they came.
   */
  since(number: number, filter: (entry: TimelineEntry) => boolean, limit: number): TimelineExcerpt;
  /** The number of the latest entry; 0 when there is none. */
  readonly latest: number;
}

export interface TimelineExcerpt {
  readonly entries: readonly NumberedEntry[];
  /** How many older entries passed the filter, too. */
  readonly leftOut: number;
}

export interface NumberedEntry extends TimelineEntry {
  readonly number: number;
}

/**
 * A path or a reason can hold whatever a client has sent, up to megabytes, and ten thousand of them are kept.
 */
const MAX_TEXT_CHARACTERS = 4000;

/** Older entries are forgotten, so that a gateway can run for days. */
const KEPT = 10_000;

export function createTimeline(
  now: () => number,
  listener: ((entry: TimelineEntry) => void) | undefined,
): Timeline {
  let entries: TimelineEntry[] = [];
  let forgotten = 0;
  return {
    add(partial) {
      const entry: TimelineEntry = { at: now(), level: 'info', ...shortened(partial) };
      entries.push(entry);
      if (entries.length > 2 * KEPT) {
        forgotten += entries.length - KEPT;
        entries = entries.slice(-KEPT);
      }
      listener?.(entry);
    },
    entries: () => entries.slice(-KEPT),
    since(number, filter, limit) {
      const found: NumberedEntry[] = [];
      let fitting = 0;
      const from = Math.max(0, number - forgotten);
      for (let at = entries.length - 1; at >= from; at--) {
        const entry = entries[at];
        if (entry === undefined || !filter(entry)) continue;
        // Copies are made of those only that are given out: the inspector asks again and again.
        if (++fitting <= limit) found.push({ number: forgotten + at + 1, ...entry });
      }
      return { entries: found.reverse(), leftOut: fitting - found.length };
    },
    get latest() {
      return forgotten + entries.length;
    },
  };
}

/** The same entry, unless a text in it is too long. */
function shortened(entry: NewEntry): NewEntry {
  const { path, reason } = entry;
  if ((path?.length ?? 0) + (reason?.length ?? 0) <= MAX_TEXT_CHARACTERS) return entry;
  return { ...entry, path: cut(path), reason: cut(reason) };
}

function cut(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= MAX_TEXT_CHARACTERS) return text;
  // A copy: a part of a text keeps all of it in memory.
  return `${Buffer.from(text.slice(0, MAX_TEXT_CHARACTERS)).toString()}…`;
}
