/**
 * Which authorizers stand before which operations: `security` and `components.securitySchemes` of the
 * document.
 */
import * as z from 'zod';
import { BroadcastError } from '../../base/errors.js';
import { authorizeBy, type Requirement, type Scheme } from '../authorization/requirements.js';
import type { AuthorizeHandshake } from '../authorization/authorize.js';
import { createScheme, schemeSchema, type SchemeDeps } from './security-scheme.js';
import { parsePart } from './parse-part.js';

const securitySchema = z.array(z.record(z.string(), z.array(z.string())));
const componentsSchema = z.object({ securitySchemes: z.record(z.string(), z.unknown()).default({}) });

export interface Security {
  /**
   * What stands before an operation; `undefined` when everybody may. `own` overrides what holds for the
   * document.
   */
  authorizerOf(own: unknown, place: string): AuthorizeHandshake | undefined;
}

export function readSecurity(document: Readonly<Record<string, unknown>>, parts: SchemeDeps): Security {
  const { securitySchemes } = parsePart(componentsSchema, document['components'] ?? {}, 'components');
  const schemes = new Map<string, Scheme | undefined>();
  const general = document['security'];

  function schemeNamed(name: string, place: string): Scheme | undefined {
    if (schemes.has(name)) return schemes.get(name);
    const given = securitySchemes[name];
    if (given === undefined) {
      throw new BroadcastError(
        'INVALID_OPTIONS',
        `spec: ${place}: no '${name}' in components.securitySchemes`,
      );
    }
    const where = `components.securitySchemes.${name}`;
    const scheme = createScheme(parsePart(schemeSchema, given, where), where, parts);
    schemes.set(name, scheme);
    return scheme;
  }

  function requirementOf(names: Readonly<Record<string, readonly string[]>>, place: string): Requirement {
    return Object.entries(names).flatMap(([name, scopes]) => {
      const scheme = schemeNamed(name, place);
      return scheme === undefined ? [] : [{ scheme, scopes }];
    });
  }

  return {
    authorizerOf(own, place) {
      const where = own === undefined ? 'security' : `${place}.security`;
      const alternatives = parsePart(securitySchema, own ?? general ?? [], where).map((names) =>
        requirementOf(names, where),
      );
      return alternatives.some((alternative) => alternative.length > 0)
        ? authorizeBy(alternatives)
        : undefined;
    },
  };
}
