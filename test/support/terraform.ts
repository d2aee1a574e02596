/** Reads Terraform that is written as `terraform fmt` writes it: one thing a line. */

export interface TerraformBlock {
  /** `resource`, `variable`, `log_options` … */
  readonly type: string;
  readonly labels: readonly string[];
  /** Expressions by name, as they are written. */
  readonly attributes: Map<string, string>;
  readonly blocks: TerraformBlock[];
}

const OPENS_BLOCK = /^(?<type>\w+)(?<labels>(?: "[^"]*")*) \{$/;
const ATTRIBUTE = /^(?<name>\w+) += (?<value>.+)$/;

/** Throws where a line is neither a block's beginning or end, nor an attribute, nor a comment. */
export function readTerraform(text: string): TerraformBlock[] {
  const root: TerraformBlock = { type: '', labels: [], attributes: new Map(), blocks: [] };
  const open = [root];
  const lines = text.split('\n').map((line) => line.trim());
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const parent = open.at(-1) ?? root;
    if (line === '' || line.startsWith('#')) continue;
    if (line === '}' && open.length > 1) {
      open.pop();
      continue;
    }
    const block = OPENS_BLOCK.exec(line)?.groups;
    if (block !== undefined) {
      const labels = [...(block['labels'] ?? '').matchAll(/"([^"]*)"/g)].map(([, label]) => label ?? '');
      const child = { type: block['type'] ?? '', labels, attributes: new Map<string, string>(), blocks: [] };
      parent.blocks.push(child);
      open.push(child);
      continue;
    }
    const attribute = ATTRIBUTE.exec(line)?.groups;
    if (attribute === undefined) throw new Error(`line ${at + 1}: cannot be read: ${line}`);
    const name = attribute['name'] ?? '';
    if (parent.attributes.has(name)) throw new Error(`line ${at + 1}: ${name} is given twice`);
    let value = attribute['value'] ?? '';
    while (depthOf(value) > 0 && at + 1 < lines.length) value += `\n${lines[++at] ?? ''}`;
    if (depthOf(value) !== 0) throw new Error(`${name}: brackets do not match`);
    parent.attributes.set(name, value);
  }
  if (open.length > 1) throw new Error(`${open.at(-1)?.type ?? ''} is not closed`);
  return root.blocks;
}

/** How many brackets are open at the end, outside of text. */
function depthOf(expression: string): number {
  const code = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/#.*$/gm, '');
  return (code.match(/[([{]/g) ?? []).length - (code.match(/[)\]}]/g) ?? []).length;
}

export type TerraformExpression =
  | { readonly kind: 'object'; readonly fields: Map<string, string> }
  | { readonly kind: 'list'; readonly items: string[] }
  | { readonly kind: 'value' };

/**
 * The outermost level of an expression. `condition ? null : x` counts as `x`: null leaves an attribute out.
 */
export function readExpression(text: string): TerraformExpression {
  const expression = text.replace(/^[^{["]*\? null : /, '').trim();
  if (expression.startsWith('[')) return { kind: 'list', items: partsOf(expression) };
  if (!expression.startsWith('{')) return { kind: 'value' };
  const fields = partsOf(expression).map((part): [string, string] => {
    const [, name = '', value = ''] = /^(\w+)\s*=\s*([^]+)$/.exec(part) ?? [];
    if (name === '') throw new Error(`no attribute: ${part}`);
    return [name, value];
  });
  return { kind: 'object', fields: new Map(fields) };
}

/** What stands between commas or line breaks inside the outermost brackets. */
function partsOf(expression: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const piece of expression.slice(1, -1).split(/([,\n])/)) {
    if (/^[,\n]$/.test(piece) && depthOf(part) === 0) {
      parts.push(part.trim());
      part = '';
    } else part += piece;
  }
  return [...parts, part.trim()].filter((one) => one !== '');
}

/** What `terraform fmt` would change: indentation, the column of `=`, blank lines, ends of lines. */
export function formattingProblems(text: string): string[] {
  const problems: string[] = [];
  const lines = text.split('\n');
  let depth = 0;
  let group: { at: number; name: string; column: number }[] = [];
  const endGroup = (): void => {
    const column = Math.max(...group.map(({ name }) => name.length)) + 1;
    for (const one of group)
      if (one.column !== column) problems.push(`line ${one.at}: = is not in its column`);
    group = [];
  };
  lines.forEach((line, index) => {
    const at = index + 1;
    const code = line.trim();
    const change = depthOf(code);
    const indent = 2 * (/^[)\]}]/.test(code) ? depth - 1 : depth);
    if (/\s$/.test(line)) problems.push(`line ${at}: space at its end`);
    if (code !== '' && line.length - line.trimStart().length !== indent)
      problems.push(`line ${at}: indentation`);
    if (code === '' && lines[index + 1]?.trim() === '') problems.push(`line ${at}: more than one blank line`);
    const attribute = change === 0 ? /^(?<name>\w+)(?<space> *)= \S/.exec(code)?.groups : undefined;
    if (attribute === undefined) endGroup();
    else {
      const name = attribute['name'] ?? '';
      group.push({ at, name, column: name.length + (attribute['space'] ?? '').length });
    }
    depth += Math.sign(change);
  });
  endGroup();
  if (!text.endsWith('}\n')) problems.push('the last line');
  return problems;
}
