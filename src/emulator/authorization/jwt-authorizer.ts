import { refused, type Verdict } from './authorize.js';
import type { Jwks } from './jwks.js';
import { isKnownAlgorithm, isSignedBy, parseJwt, type Jwt } from './jwt.js';

export interface JwtRules {
  readonly jwks: Jwks;
  /** Any at all when there are none. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly requiredClaims: readonly string[];
  /** Clocks differ by nothing here. */
  now(): number;
}

/**
 * Documented: 401 for a token that is not good, 403 for one that lacks a scope, 500 when the keys are
 * unavailable.
 */
export async function checkToken(text: string, scopes: readonly string[], rules: JwtRules): Promise<Verdict> {
  const token = parseJwt(text);
  if (token === undefined) return refused(401, 'it is not a JWT');
  if (!isKnownAlgorithm(token.algorithm))
    return refused(401, `the algorithm ${token.algorithm} is not accepted`);
  const problem = claimProblem(token, rules);
  if (problem !== undefined) return refused(401, problem);
  let key;
  try {
    key = await rules.jwks.key(token.keyId);
  } catch (error) {
    return refused(500, `cannot get the keys: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (key === undefined) return refused(401, 'it is signed with an unknown key');
  if (!isSignedBy(token, key)) return refused(401, 'the signature is invalid');
  const granted = scopesOf(token);
  const missing = scopes.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) return refused(403, `the token lacks the scope ${missing.join(', ')}`);
  return { isAuthorized: true, context: { jwt: { claims: textClaims(token), scopes: granted } } };
}

function claimProblem(
  { claims }: Jwt,
  { issuers, audiences, requiredClaims, now }: JwtRules,
): string | undefined {
  const { exp, nbf, iss, aud } = claims;
  const seconds = now() / 1000;
  if (exp !== undefined && (typeof exp !== 'number' || exp <= seconds)) return 'the token has expired';
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > seconds)) return 'the token is not valid yet';
  if (issuers.length > 0 && !issuers.includes(String(iss))) return 'the issuer is not accepted';
  const meant = (Array.isArray(aud) ? aud : [aud]).map(String);
  if (audiences.length > 0 && !meant.some((one) => audiences.includes(one)))
    return 'the audience is not accepted';
  const absent = requiredClaims.find((name) => claims[name] === undefined);
  return absent === undefined ? undefined : `the claim ${absent} is missing`;
}

/** Documented: any of these claims, as a list or as words in one text. */
function scopesOf({ claims }: Jwt): readonly string[] {
  const given = claims['scope'] ?? claims['scopes'] ?? claims['scp'];
  if (Array.isArray(given)) return given.map(String);
  return typeof given === 'string' ? given.split(' ').filter((scope) => scope !== '') : [];
}

/** Documented: a map of texts. */
function textClaims({ claims }: Jwt): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
