/** What a check has found out. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly subject: string;
  /** `warning`: it works, but perhaps not as it is meant. `failure`: something will not work. */
  readonly level: 'ok' | 'warning' | 'failure';
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

export interface DoctorOptions {
  /** The port that `dev` is going to use. */
  readonly port: number;
  /** Whether the cloud may be asked. */
  readonly isOnline: boolean;
  /** The folder with the package.json that is the nearest upwards. */
  readonly project: string;
}

/** Looks at one thing. Never rejects. */
export type Check = (options: DoctorOptions) => Promise<Finding>;

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
