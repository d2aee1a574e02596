/**
 * Answers as XML: lists as repeated elements, maps as pairs of `Name` and `Value`, under the names of the
 * Query protocol.
 */

/** Elements that stand for a list, and for a map, of the JSON protocol. */
const LISTS: Readonly<Record<string, string>> = {
  Messages: 'Message',
  QueueUrls: 'QueueUrl',
  Failed: 'BatchResultErrorEntry',
};
const MAPS: Readonly<Record<string, string>> = {
  Attributes: 'Attribute',
  MessageAttributes: 'MessageAttribute',
};
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

export function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

/** @param entry What an entry of a batch that went well is called. */
export function elementsOf(value: object, entry = ''): string {
  return Object.entries(value)
    .map(([name, part]: [string, unknown]) => elementOf(name, part, entry))
    .join('');
}

function elementOf(name: string, part: unknown, entry: string): string {
  if (part === undefined) return '';
  if (Array.isArray(part)) {
    const each = name === 'Successful' ? entry : (LISTS[name] ?? name);
    return part.map((member: unknown) => element(each, contentOf(member))).join('');
  }
  const pair = MAPS[name];
  if (pair === undefined) return element(name, contentOf(part));
  return Object.entries(part as object)
    .map(([key, value]: [string, unknown]) =>
      element(pair, element('Name', escape(key)) + element('Value', contentOf(value))),
    )
    .join('');
}

function contentOf(part: unknown): string {
  return typeof part === 'object' && part !== null ? elementsOf(part) : escape(String(part));
}

function escape(text: string): string {
  return text.replace(/[&<>"\r]/g, (one) => ESCAPES[one] ?? one);
}
