import * as z from 'zod';
import { parseOptions } from '../../base/options.js';
import { parseTimelineFilter } from './filter.js';
import type { TimelineEntry } from './timeline.js';

/** Which entries of the timeline a test asks for; all of what is given has to hold. */
export interface TimelineQuery {
  readonly type?: TimelineEntry['type'] | readonly TimelineEntry['type'][] | undefined;
  /** Id of the connection. */
  readonly connection?: string | undefined;
  /** As it was asked for, parameters filled in. */
  readonly path?: string | undefined;
  readonly status?: number | undefined;
  /** At least as serious. */
  readonly level?: 'info' | 'warning' | 'error' | undefined;
  /**
   * `true` for what a fault acted on, `false` for what none did, a text for what a fault with this in its
   * text did.
   */
  readonly fault?: boolean | string | undefined;
}

const querySchema = z.strictObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  connection: z.string().optional(),
  path: z.string().optional(),
  status: z.int().optional(),
  level: z.enum(['info', 'warning', 'error']).optional(),
  fault: z.union([z.boolean(), z.string()]).optional(),
});

const LEVELS: readonly TimelineEntry['level'][] = ['info', 'warning', 'error'];

/** Throws `INVALID_OPTIONS` that names the field. A text is read as the inspector's filter is. */
export function selectEntries(
  entries: readonly TimelineEntry[],
  query: TimelineQuery | string | undefined,
): readonly TimelineEntry[] {
  if (query === undefined) return entries;
  const test = typeof query === 'string' ? parseTimelineFilter(query) : testOf(query);
  return test === undefined ? entries : entries.filter(test);
}

function testOf(given: TimelineQuery): (entry: TimelineEntry) => boolean {
  const {
    type,
    connection,
    path,
    status,
    level = 'info',
    fault,
  } = parseOptions(querySchema, given, 'timeline');
  const types = type === undefined ? undefined : new Set([type].flat());
  return (entry) =>
    types?.has(entry.type) !== false &&
    (connection === undefined || entry.connectionId === connection) &&
    (path === undefined || entry.path === path) &&
    (status === undefined || entry.status === status) &&
    LEVELS.indexOf(entry.level) >= LEVELS.indexOf(level) &&
    hasFault(entry, fault);
}

function hasFault({ fault }: TimelineEntry, wanted: boolean | string | undefined): boolean {
  if (typeof wanted === 'string') return fault?.includes(wanted) === true;
  return wanted === undefined || (fault !== undefined) === wanted;
}
