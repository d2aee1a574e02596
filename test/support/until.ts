/** Long for this machine, shorter than the patience of Jest: so that the failure says what did not come. */
const PATIENCE_MS = 45_000;

export interface UntilOptions {
  /** What is done between two looks. Default: a breath of 2 ms. */
  readonly step?: () => Promise<unknown>;
  /** In milliseconds of real time. @default 45_000 */
  readonly patienceMs?: number | undefined;
}

/** Resolves when the condition holds. Rejects with its text when it does not for too long. */
export async function until(
  condition: () => boolean,
  { step = breathe, patienceMs = PATIENCE_MS }: UntilOptions = {},
): Promise<void> {
  const failure = new Error(`did not become true within ${patienceMs / 1000} s: ${condition.toString()}`);
  Error.captureStackTrace(failure, until);
  const endsAt = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > endsAt) throw failure;
    await step();
  }
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
