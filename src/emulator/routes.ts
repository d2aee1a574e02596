/** A path of the specification: `/ws`, `/ws/{room}`, or `/{path+}` which takes the rest. */
export interface PathPattern {
  readonly template: string;
  /** The path parameters, or `undefined` when the path does not match. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

export function parsePathPattern(template: string): PathPattern {
  const names: string[] = [];
  const source = template
    .split('/')
    .map((segment) => {
      const [, name, greedy] = /^\{([^{}+]+)(\+?)\}$/.exec(segment) ?? [];
      if (name === undefined) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return greedy === '+' ? '(.+)' : '([^/]+)';
    })
    .join('/');
  const pattern = new RegExp(`^${source}$`);
  return {
    template,
    match(path) {
      const found = pattern.exec(path);
      return found === null
        ? undefined
        : Object.fromEntries(names.map((name, i) => [name, decode(found[i + 1] ?? '')]));
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Literal segments win over parameters, and those over a greedy one, segment by segment from the left. */
export function byPrecedence(a: PathPattern, b: PathPattern): number {
  return rank(a.template).localeCompare(rank(b.template));
}

function rank(template: string): string {
  return template
    .split('/')
    .map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0'))
    .join('');
}
