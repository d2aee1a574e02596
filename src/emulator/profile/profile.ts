import * as z from 'zod';

/** What was seen of one case of `yc-broadcast conformance`. */
export interface ProfileEntry {
  readonly seen: string;
  readonly figures?: Readonly<Record<string, number>> | undefined;
}

/** What `yc-broadcast conformance` has seen in the cloud: the content of its file. */
export interface Profile {
  readonly version: 1;
  /** The day of the latest entry, as in `2026-11-30`. */
  readonly date: string;
  /** By the ids of cases. */
  readonly cases: Readonly<Record<string, ProfileEntry>>;
}

export const profileSchema = z.strictObject({
  version: z.literal(1),
  date: z.string(),
  cases: z.record(
    z.string(),
    z.strictObject({ seen: z.string().min(1), figures: z.record(z.string(), z.number()).optional() }),
  ),
});
