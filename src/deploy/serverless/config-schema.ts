import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import type { Serverless } from './framework.js';
import { eventSchema, functionSchema } from './settings.js';

export const PROVIDER = 'yandex-cloud';

/** Runtimes of today that the provider's plugin has not heard of. Documented. */
const RUNTIMES = ['nodejs18', 'nodejs22'];

/**
 * Makes the framework accept what it would call a mistake: the websocket event, `concurrency` and `bundle`,
 * and the current runtime. Throws `INVALID_OPTIONS` when the provider's plugin is not there yet to be
 * completed.
 */
export function extendConfigSchema({ configSchemaHandler }: Serverless): void {
  const runtimes = configSchemaHandler.schema.definitions?.cloudFunctionRuntime?.enum;
  if (runtimes === undefined) {
    const order = '- @yandex-cloud/serverless-plugin comes before - yc-broadcast/serverless';
    throw new BroadcastError('INVALID_OPTIONS', `plugins: ${order}, with provider.name yandex-cloud`);
  }
  runtimes.push(...RUNTIMES.filter((name) => !runtimes.includes(name)));
  configSchemaHandler.defineFunctionEvent(PROVIDER, 'websocket', jsonSchemaOf(eventSchema()));
  const { properties } = jsonSchemaOf(functionSchema());
  configSchemaHandler.defineFunctionProperties(PROVIDER, {
    properties: properties as Readonly<Record<string, unknown>>,
  });
}

/**
 * Without what belongs at the top of a document, and without formats, of which the framework's validator
 * knows none.
 */
function jsonSchemaOf(schema: z.core.$ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.format;
    },
  });
  return rest;
}
