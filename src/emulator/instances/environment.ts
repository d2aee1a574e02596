/** What instances find in their process besides the function. Known as soon as the gateway listens. */
export interface InstanceEnvironment {
  /** Variables that neither the user's environment nor `env` has set. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that win over everything. */
  readonly forced?: Readonly<Record<string, string>> | undefined;
  /** Modules that are loaded first, as `file:` URLs. */
  readonly preload: readonly string[];
}

/** How code in an instance finds this gateway. What the user has set already stays. */
export function localEnvironment(port: number): InstanceEnvironment {
  return {
    env: {
      YC_BROADCAST_ENDPOINT: `http://127.0.0.1:${port}`,
      YC_BROADCAST_LOCAL_ORIGINS: `http://localhost:${port},http://127.0.0.1:${port}`,
    },
    preload: [],
  };
}

/**
 * The environment of an instance, the user's own variables between what the gateway suggests and what it
 * insists on.
 */
export function instanceVariables(
  { env, forced }: InstanceEnvironment,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const { YC_BROADCAST_CA: ca, ...others } = env;
  // Another endpoint has another certificate.
  const trust = ca === undefined || own['YC_BROADCAST_ENDPOINT'] !== undefined ? {} : { YC_BROADCAST_CA: ca };
  return { ...others, ...trust, ...own, ...forced };
}
