/** One security scheme with its `x-yc-apigateway-authorizer`: a function, or rules for JSON Web Tokens. */
import * as z from 'zod';
import { refused, type Verdict } from '../authorization/authorize.js';
import { findCredential, type CredentialPlace } from '../authorization/credentials.js';
import { askFunction } from '../authorization/function-authorizer.js';
import { createJwks } from '../authorization/jwks.js';
import { checkToken } from '../authorization/jwt-authorizer.js';
import type { Scheme } from '../authorization/requirements.js';
import { createResultCache } from '../authorization/result-cache.js';
import type { Invoker } from '../calls/invoker.js';

const caching = {
  authorizer_result_ttl_in_seconds: z.number().min(0).optional(),
  authorizer_result_caching_mode: z.enum(['path', 'uri']).default('path'),
};
const place = z.object({
  in: z.enum(['header', 'query', 'cookie']),
  name: z.string().min(1),
  prefix: z.string().optional(),
});
const authorizerSchema = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('function'), function_id: z.string().min(1), ...caching }),
    z.object({
      type: z.literal('jwt'),
      jwksUri: z.string().optional(),
      identitySource: place.default({ in: 'header', name: 'Authorization', prefix: 'Bearer ' }),
      issuers: z.array(z.string()).default([]),
      audiences: z.array(z.string()).default([]),
      requiredClaims: z.array(z.string()).default([]),
      jwkTtlInSeconds: z.number().positive().optional(),
      ...caching,
    }),
  ],
  { error: 'expected function or jwt; this gateway does not run other authorizers' },
);

export const schemeSchema = z
  .object({
    type: z.enum(['http', 'apiKey', 'openIdConnect', 'oauth2']),
    /** Of `http`. */
    scheme: z.string().optional(),
    /** Of `apiKey`. */
    in: place.shape.in.optional(),
    name: z.string().optional(),
    openIdConnectUrl: z.string().optional(),
    'x-yc-apigateway-authorizer': authorizerSchema.optional(),
  })
  .refine(({ type, in: where, name }) => type !== 'apiKey' || (where !== undefined && name !== undefined), {
    path: ['name'],
    message: 'an apiKey scheme needs in and name',
  });

export interface SchemeDeps {
  readonly warnings: string[];
  invokerOf(functionId: string, place: string): Invoker;
  now(): number;
}

/** `undefined` for a scheme that has no authorizer; nobody checks it in the cloud either. */
export function createScheme(
  given: z.output<typeof schemeSchema>,
  where: string,
  { warnings, invokerOf, now }: SchemeDeps,
): Scheme | undefined {
  const authorizer = given['x-yc-apigateway-authorizer'];
  if (authorizer === undefined) {
    warnings.push(`${where}: has no x-yc-apigateway-authorizer, so it lets everyone in`);
    return undefined;
  }
  const ttlSeconds = authorizer.authorizer_result_ttl_in_seconds;
  const cached = createResultCache({ ttlSeconds, mode: authorizer.authorizer_result_caching_mode, now });
  if (authorizer.type === 'function') {
    const invoker = invokerOf(authorizer.function_id, where);
    return schemeOf(placeOf(given), (request, credential) =>
      cached(request, credential, () => askFunction(invoker, request, now())),
    );
  }
  const { jwksUri, issuers, audiences, requiredClaims, jwkTtlInSeconds } = authorizer;
  const { openIdConnectUrl } = given;
  const jwks = createJwks({ jwksUri, openIdConnectUrl, ttlSeconds: jwkTtlInSeconds, now });
  const rules = { jwks, issuers, audiences, requiredClaims, now };
  return schemeOf(authorizer.identitySource, (request, credential, scopes) =>
    cached(request, [...scopes, credential].join(' '), () => checkToken(credential, scopes, rules)),
  );
}

type Check = (
  request: Parameters<Scheme['check']>[0],
  credential: string,
  scopes: readonly string[],
) => Promise<Verdict>;

function schemeOf(where: CredentialPlace, check: Check): Scheme {
  return {
    async check(request, scopes) {
      const credential = findCredential(where, request);
      if (credential === undefined) return refused(401, `no credentials in the ${where.in} ${where.name}`);
      return check(request, credential, scopes);
    },
  };
}

/** Where a function authorizer's credentials are: a key, or the Authorization header. */
function placeOf({ type, scheme, in: where, name }: z.output<typeof schemeSchema>): CredentialPlace {
  if (type === 'apiKey' && where !== undefined && name !== undefined) return { in: where, name };
  return { in: 'header', name: 'Authorization', prefix: scheme === undefined ? '' : `${scheme} ` };
}
