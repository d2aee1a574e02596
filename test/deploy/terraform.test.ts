/**
 * deploy/terraform as far as it can be checked without the cloud and without its provider, which is a
 * download.
 */
import { describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentedRoles } from '../support/deploy-roles.js';
import {
  formattingProblems,
  readExpression,
  readTerraform,
  type TerraformBlock,
} from '../support/terraform.js';

const folder = fileURLToPath(new URL('../../deploy/terraform/', import.meta.url));
const moduleFiles = readdirSync(folder).filter((name) => name.endsWith('.tf'));
const read = (name: string): string => readFileSync(folder + name, 'utf8');
const module = moduleFiles.flatMap((name) => readTerraform(read(name)));
const ofType = (type: string): TerraformBlock[] => module.filter((block) => block.type === type);

/** An attribute that holds attributes, written with `=`; Terraform refuses it as a block. */
interface NestedAttribute {
  readonly kind: 'object' | 'list';
  readonly attributes: Readonly<Record<string, NestedAttribute | 'value'>>;
}

interface Documented {
  readonly arguments: readonly string[];
  readonly nested?: Readonly<Record<string, NestedAttribute>>;
  readonly blocks?: Readonly<Record<string, readonly string[]>>;
  readonly computed?: readonly string[];
}

/**
 * Typed from the provider's docs/resources as of 2026-11-24. Those pages print `[Block]` for nested
 * attributes, too, so what is a block and what is a nested attribute comes from the provider's schema
 * (b52b1df5).
 */
const documented = JSON.parse(
  readFileSync(new URL('../support/terraform-attributes.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Documented>>;

const META = ['count', 'for_each', 'depends_on'];

/** Arguments, nested attributes and blocks that the provider does not have, or not in this form. */
function unknownParts(
  block: TerraformBlock,
  { arguments: known, nested = {}, blocks = {} }: Documented,
): string[] {
  const strange = [...block.attributes].flatMap(([name, text]) => {
    const attribute = nested[name];
    if (attribute !== undefined) return unknownNested(name, text, attribute);
    return [...known, ...META].includes(name) ? [] : [name];
  });
  return [...strange, ...block.blocks.flatMap((inner) => unknownInner(inner, blocks, ''))];
}

function unknownNested(path: string, text: string, { kind, attributes }: NestedAttribute): string[] {
  const expression = readExpression(text);
  if (expression.kind !== kind) return [`${path} as ${expression.kind}`];
  const objects = expression.kind === 'list' ? expression.items.map(readExpression) : [expression];
  return objects.flatMap((object) => {
    if (object.kind !== 'object') return [`${path} with ${object.kind}`];
    return [...object.fields].flatMap(([name, value]) => {
      const inner = attributes[name];
      if (inner === undefined) return [`${path}.${name}`];
      return inner === 'value' ? [] : unknownNested(`${path}.${name}`, value, inner);
    });
  });
}

function unknownInner(
  block: TerraformBlock,
  blocks: NonNullable<Documented['blocks']>,
  outer: string,
): string[] {
  const isDynamic = block.type === 'dynamic';
  const name = outer + (isDynamic ? (block.labels[0] ?? '') : block.type);
  const [content = block] = isDynamic ? block.blocks : [];
  const known = blocks[name];
  if (known === undefined) return [name];
  const strange = [...content.attributes.keys()].filter((attribute) => !known.includes(attribute));
  return [
    ...strange.map((attribute) => `${name}.${attribute}`),
    ...content.blocks.flatMap((inner) => unknownInner(inner, blocks, `${name}.`)),
  ];
}

function expressionsOf(block: TerraformBlock): string[] {
  return [...block.attributes.values(), ...block.blocks.flatMap(expressionsOf)];
}

/** Expressions but for `depends_on`, which means all there may be. */
function valuesOf(block: TerraformBlock): string[] {
  const own = [...block.attributes].filter(([name]) => name !== 'depends_on').map(([, value]) => value);
  return [...own, ...block.blocks.flatMap(valuesOf)];
}

const matchesOf = (pattern: RegExp): RegExpExecArray[] =>
  module.flatMap(expressionsOf).flatMap((expression) => [...expression.matchAll(pattern)]);

describe('deploy/terraform', () => {
  it.each([...moduleFiles, 'example/main.tf'])('%s stands as terraform fmt puts it', (name) => {
    expect(formattingProblems(read(name))).toEqual([]);
  });

  it('uses arguments that the provider documents', () => {
    const resources = [...ofType('resource'), ...ofType('data')];
    expect(resources.length).toBeGreaterThan(15);
    for (const block of resources) {
      const page = documented[block.labels[0] ?? ''];
      expect({ block: block.labels, unknown: page && unknownParts(block, page) }).toEqual({
        block: block.labels,
        unknown: [],
      });
    }
  });

  it('refers to what there is', () => {
    const variables = ofType('variable').map(({ labels }) => labels[0]);
    const locals = ofType('locals').flatMap(({ attributes }) => [...attributes.keys()]);
    expect(
      matchesOf(/\bvar\.(\w+)/g)
        .map(([, name = '']) => name)
        .filter((name) => !variables.includes(name)),
    ).toEqual([]);
    expect(
      matchesOf(/\blocal\.(\w+)/g)
        .map(([, name = '']) => name)
        .filter((name) => !locals.includes(name)),
    ).toEqual([]);
    const addresses = [...ofType('resource'), ...ofType('data')].map(({ labels }) => labels.join('.'));
    const references = matchesOf(/\b((?:yandex|archive)_\w+)\.(\w+)(?:\[0\])?(?:\.(\w+))?/g);
    expect(references.length).toBeGreaterThan(30);
    for (const [text, type = '', name = '', attribute] of references) {
      const page = documented[type];
      const isKnown =
        attribute === undefined ||
        [...(page?.arguments ?? []), ...(page?.computed ?? [])].includes(attribute);
      expect({ text, there: addresses.includes(`${type}.${name}`), isKnown }).toEqual({
        text,
        there: true,
        isKnown: true,
      });
    }
  });

  it('uses every variable, and describes it', () => {
    const used = matchesOf(/\bvar\.(\w+)/g).map(([, name]) => name);
    for (const { labels, attributes } of ofType('variable')) {
      expect(used).toContain(labels[0]);
      expect(attributes.get('description')).toMatch(/^".+\."$/);
      expect(attributes.has('type')).toBe(true);
    }
  });

  it('refers by its index to what may not be there', () => {
    const optional = ofType('resource').filter(({ attributes }) => attributes.has('count'));
    expect(optional.length).toBeGreaterThan(5);
    for (const { labels } of optional) {
      const withoutIndex = new RegExp(`\\b${labels.join('\\.')}\\b(?!\\[0\\])`);
      const values = module.flatMap(valuesOf);
      expect(values.filter((value) => withoutIndex.test(value))).toEqual([]);
    }
  });

  it('gives the roles that docs/deploy.md lists, each on what it lists', () => {
    const given = [...matchesOf(/"((?:[a-z-]+)\.[a-zA-Z]+)"/g)].map(([, role = '']) => role);
    const roles = [...new Set(given)].filter((role) => !role.startsWith('index.'));
    expect(roles.sort()).toEqual(
      documentedRoles()
        .map(({ role }) => role)
        .sort(),
    );
  });

  it('is called in the example with variables that it has, and all that it asks for', () => {
    const [call] = readTerraform(read('example/main.tf')).filter(({ type }) => type === 'module');
    const given = [...(call?.attributes.keys() ?? [])].filter((name) => name !== 'source');
    const variables = ofType('variable');
    expect(variables.map(({ labels }) => labels[0])).toEqual(expect.arrayContaining(given));
    const required = variables
      .filter(({ attributes }) => !attributes.has('default'))
      .map(({ labels }) => labels[0]);
    expect(given).toEqual(expect.arrayContaining(required));
  });
});

describe('the check of nested attributes', () => {
  const triggers = documented['yandex_serverless_triggers'] ?? { arguments: [] };
  const unknownIn = (body: string): string[] => {
    const [block] = readTerraform(`resource "yandex_serverless_triggers" "a" {\n${body}\n}`);
    return block === undefined ? ['nothing'] : unknownParts(block, triggers);
  };

  it.each([
    ['source {\nymq {\n}\n}', ['source']],
    ['action {\n}', ['action']],
    ['source = [{ ymq = { queue_arn = "a" } }]', ['source as list']],
    ['action = { transformer = { jq = "." } }', ['action as object']],
    ['source = { ymq = { queue = "a" } }', ['source.ymq.queue']],
    ['source = { ymq = { queue_arn = "a", batch_settings = [{}] } }', ['source.ymq.batch_settings as list']],
    ['source = {\nymq = {\nqueue_arn = "a"\n}\n}', []],
    ['action = [{\ntransformer = var.jq == null ? null : { jq = var.jq }\n}]', []],
  ])('%j has %j that the provider does not', (body, unknown) => {
    expect(unknownIn(body)).toEqual(unknown);
  });
});

describe('the check of the format', () => {
  it.each([
    ['a {\n  b = 1\n  cc = 2\n}\n', 'line 2: = is not in its column'],
    ['a {\n   b = 1\n}\n', 'line 2: indentation'],
    ['a {\n  b = 1 \n}\n', 'line 2: space at its end'],
    ['a {\n\n\n  b = 1\n}\n', 'line 2: more than one blank line'],
    ['a {\n  b = [\n  1,\n  ]\n}\n', 'line 3: indentation'],
    ['a {\n  b = 1\n}', 'the last line'],
  ])('%j has one', (text, problem) => {
    expect(formattingProblems(text)).toContain(problem);
  });
});

/** Not in Debian, so not in CI: what it alone can tell is looked at where it is. */
const hasTerraform = spawnSync('terraform', ['version']).status === 0;
if (!hasTerraform)
  process.stderr.write('SKIPPED: terraform is not installed; its own formatter is not asked\n');

(hasTerraform ? it : it.skip)('terraform itself reads it and would change nothing', () => {
  expect(execFileSync('terraform', ['fmt', '-check', '-recursive', folder], { encoding: 'utf8' })).toBe('');
  const tree = execFileSync('terraform', [`-chdir=${folder}`, 'providers'], { encoding: 'utf8' });
  expect(tree).toContain('provider[registry.terraform.io/yandex-cloud/yandex] >= 0.222.0');
});
