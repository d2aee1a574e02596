import { refused, type AuthorizeHandshake, type AuthorizeRequest, type Verdict } from './authorize.js';

/** A security scheme with its authorizer. */
export interface Scheme {
  check(request: AuthorizeRequest, scopes: readonly string[]): Promise<Verdict>;
}

/** What a client has to show at once: all of these. */
export type Requirement = readonly { readonly scheme: Scheme; readonly scopes: readonly string[] }[];

/** As OpenAPI has it: one of the alternatives is enough, and an empty one lets everybody in. */
export function authorizeBy(alternatives: readonly Requirement[]): AuthorizeHandshake {
  return async (request) => {
    const failures: Verdict[] = [];
    for (const alternative of alternatives) {
      const verdict = await checkAll(alternative, request);
      if (verdict.isAuthorized) return verdict;
      failures.push(verdict);
    }
    // Credentials that were not accepted say more than those that were not there.
    const told = failures.find((verdict) => !verdict.isAuthorized && verdict.status !== 401);
    return told ?? failures[0] ?? refused(401, 'no security requirement can be met');
  };
}

async function checkAll(requirement: Requirement, request: AuthorizeRequest): Promise<Verdict> {
  let context: Record<string, unknown> = {};
  for (const { scheme, scopes } of requirement) {
    const verdict = await scheme.check(request, scopes);
    if (!verdict.isAuthorized) return verdict;
    context = { ...context, ...verdict.context };
  }
  return { isAuthorized: true, context };
}
