import * as z from 'zod/mini';
import { lazily } from '../../base/options.js';

// A catch-all does what `z.record` does, with code that is in the bundle anyway.
const strings = () => z.nullish(z.catchall(z.object({}), z.string()));
const stringLists = () => z.nullish(z.catchall(z.object({}), z.array(z.string())));
const text = () => z.nullish(z.string());
const number = () =>
  z.nullish(z.union([z.number(), z.pipe(z.string().check(z.regex(/^\d+$/)), z.transform(Number))]));

const requestContextSchema = lazily(() =>
  z.object({
    connectionId: text(),
    eventType: text(),
    connectedAt: number(),
    messageId: text(),
    disconnectStatusCode: number(),
    disconnectReason: text(),
    requestId: text(),
    requestTimeEpoch: number(),
    identity: z.nullish(z.object({ sourceIp: text(), userAgent: text() })),
    authorizer: z.optional(z.unknown()),
    apiGateway: z.nullish(z.object({ operationContext: z.optional(z.unknown()) })),
  }),
);

/** Every field that any of the payload formats has. */
export const rawEventSchema = lazily(() =>
  z.object({
    requestContext: z.nullish(requestContextSchema()),
    headers: strings(),
    multiValueHeaders: stringLists(),
    queryStringParameters: strings(),
    multiValueQueryStringParameters: stringLists(),
    pathParameters: strings(),
    pathParams: strings(),
    path: text(),
    url: text(),
    rawPath: text(),
    resource: text(),
    body: text(),
    isBase64Encoded: z.nullish(z.boolean()),
  }),
);

export type RawEvent = z.output<ReturnType<typeof rawEventSchema>>;
export type RequestContext = z.output<ReturnType<typeof requestContextSchema>>;
