/**
 * As much of Serverless Framework 3 as a plugin of ours sees; test/deploy/serverless-framework.test.ts has
 * the real one.
 */
import type {
  Serverless,
  ServerlessFunction,
  ServerlessPlugin,
} from '../../src/deploy/serverless/framework.js';

export interface FakeOptions {
  readonly folderId: string;
  readonly credentials: object;
  readonly functions: Readonly<Record<string, ServerlessFunction>>;
  /** What the provider's plugin has defined by then. @default a list of runtimes */
  readonly definitions?: object;
  /** @default talk */
  readonly serviceName?: string;
  /** @default dev */
  readonly stage?: string;
  /** Where serverless.yaml would be. */
  readonly serviceDir?: string;
  /** Called in the place of what the provider's plugin does. */
  readonly deploy?: () => void;
}

export interface FakeServerless {
  readonly serverless: Serverless;
  /** What went to stdout. */
  readonly printed: readonly string[];
  readonly logged: readonly string[];
  /** Runs `deploy:deploy` or its like, as `serverless deploy` would. */
  run(lifecycle: Lifecycle): Promise<void>;
}

type Lifecycle = 'package:createDeploymentArtifacts' | 'deploy:deploy' | 'info:info' | 'remove:remove';
type PluginClass = new (...args: readonly unknown[]) => ServerlessPlugin;

export function fakeServerless(plugin: unknown, options: FakeOptions): FakeServerless {
  const { folderId, credentials, functions, serviceDir = '', deploy } = options;
  const { serviceName = 'talk', stage = 'dev' } = options;
  const { definitions = { cloudFunctionRuntime: { enum: ['nodejs16'] } } } = options;
  const printed: string[] = [];
  const logged: string[] = [];
  const log = (text: string) => logged.push(text);
  const provider = {
    folderId,
    session: { config: { pollInterval: 1, ...credentials } },
    getStage: () => stage,
  };
  const serverless: Serverless = {
    serviceDir,
    service: {
      functions: named(functions),
      getServiceName: () => serviceName,
      provider: { name: 'yandex-cloud' },
    },
    classes: { Error },
    configSchemaHandler: {
      schema: { definitions },
      defineFunctionEvent: () => undefined,
      defineFunctionProperties: () => undefined,
    },
    getProvider: () => provider,
  };
  const tools = {
    log: { notice: log, success: log, warning: log },
    writeText: (text: string) => printed.push(text),
  };
  const { hooks } = new (plugin as PluginClass)(serverless, {}, tools);
  return {
    serverless,
    printed,
    logged,
    async run(lifecycle) {
      await hooks[`before:${lifecycle}`]?.();
      if (lifecycle === 'deploy:deploy') deploy?.();
      await hooks[`after:${lifecycle}`]?.();
    },
  };
}

/** The framework gives functions their names in the cloud. */
function named(functions: FakeOptions['functions']): FakeOptions['functions'] {
  return Object.fromEntries(
    Object.entries(functions).map(([key, definition]) => [key, { ...definition, name: `talk-dev-${key}` }]),
  );
}
