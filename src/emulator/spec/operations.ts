/** One operation of the document: its integration, parameters and authorizer. */
import * as z from 'zod';
import type { Invoker } from '../calls/invoker.js';
import type { Operation } from '../routing/routes.js';
import { createDummyInvoker, dummySchema } from './dummy.js';
import { parsePart } from './parse-part.js';
import type { Security } from './security.js';

export const INTEGRATION = 'x-yc-apigateway-integration';

const functionsSchema = z.object({
  type: z.literal('cloud_functions'),
  function_id: z.string().min(1),
  payload_format_version: z.enum(['0.1', '1.0', '2.0']).optional(),
  context: z.unknown().optional(),
});
/** Of the platform's, those that are not run here. */
const otherSchema = z.object({
  type: z.enum([
    'http',
    'serverless_containers',
    'object_storage',
    'cloud_ymq',
    'cloud_datastreams',
    'cloud_ydb',
    'serverless_workflows',
    'smartcaptcha',
  ]),
});
const integrationSchema = z.discriminatedUnion('type', [functionsSchema, dummySchema, otherSchema]);
const operationSchema = z.object({
  operationId: z.string().optional(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header', 'cookie']) }))
    .default([]),
  security: z.unknown().optional(),
  [INTEGRATION]: integrationSchema,
});

export interface OperationDeps {
  readonly warnings: string[];
  readonly security: Security;
  invokerOf(functionId: string, place: string): Invoker;
}

/** Throws `INVALID_OPTIONS` that names the place. What it asks for in vain is added to the warnings. */
export function readOperation(given: unknown, place: string, parts: OperationDeps): Operation {
  const parsed = parsePart(operationSchema, given, place);
  const { operationId, parameters, security } = parsed;
  parts.warnings.push(...unusedExtensions(given as object, place));
  const authorize = parts.security.authorizerOf(security, place);
  const facts = { operationId, parameters, authorize };
  const integration = parsed[INTEGRATION];
  if (integration.type === 'dummy') return { ...facts, invoker: createDummyInvoker(integration) };
  if (integration.type !== 'cloud_functions') {
    parts.warnings.push(`${place}: the integration ${integration.type} is not run here; it answers 501`);
    return { ...facts, invoker: notRun(integration.type) };
  }
  return {
    ...facts,
    invoker: parts.invokerOf(integration.function_id, place),
    functionId: integration.function_id,
    payloadFormat: integration.payload_format_version,
    context: integration.context,
  };
}

function unusedExtensions(given: object, place: string): string[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('x-yc-apigateway-') && name !== INTEGRATION)
    .map((name) => `${place}: ${name} is not emulated`);
}

/** An integration that there is in the cloud. */
function notRun(type: string): Invoker {
  const body = Buffer.from(
    JSON.stringify({ message: `the local gateway does not run ${type} integrations` }),
  );
  const response = { statusCode: 501, headers: { 'content-type': 'application/json' }, body };
  return {
    async invoke() {
      return { status: 200, response, durationMs: 0 };
    },
    underWay: () => 0,
  };
}
