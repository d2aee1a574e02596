/** What the plugin uses of Serverless Framework 3, whose own typings are those of another cloud. */

export interface ServerlessFunction {
  /** As it is called in the cloud: service, stage and key. */
  readonly name?: string;
  handler?: string;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  readonly concurrency?: unknown;
  readonly bundle?: unknown;
  package?: { readonly artifact?: string };
}

export interface ServerlessService {
  readonly functions: Readonly<Record<string, ServerlessFunction>>;
  getServiceName(): string;
  package?: { individually?: boolean };
}

/** `@yandex-cloud/serverless-plugin`, as far as it is of use here. */
export interface YandexProvider {
  readonly folderId?: unknown;
  readonly session?: { readonly config?: unknown };
  getStage(): string;
}

interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export interface Serverless {
  readonly serviceDir: string;
  readonly service: ServerlessService & { readonly provider: { readonly name: string } };
  readonly classes: { readonly Error: new (message: string, code?: string) => Error };
  readonly configSchemaHandler: {
    readonly schema: {
      readonly definitions?: { readonly cloudFunctionRuntime?: { readonly enum?: string[] } };
    };
    defineFunctionEvent(provider: string, name: string, schema: JsonSchema): void;
    defineFunctionProperties(provider: string, schema: { readonly properties: JsonSchema }): void;
  };
  getProvider(name: string): YandexProvider;
}

/** The framework's log goes to stderr, and what `writeText` takes to stdout. */
export interface PluginTools {
  readonly log: {
    notice(text: string): void;
    success(text: string): void;
    warning(text: string): void;
  };
  readonly writeText: (text: string) => void;
}

export interface ServerlessPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>;
}
