/** The Query protocol of SQS, which the platform documents: a form in, XML out. */
import { randomUUID } from 'node:crypto';
import type { CheckedFields } from './checks.js';
import { queryName } from './json-protocol.js';
import type { Protocol } from './protocol.js';
import { QueueError } from './queue-error.js';
import { element, elementsOf } from './xml.js';

export const queryProtocol: Protocol = {
  read(_headers, body) {
    const form = new URLSearchParams(body);
    const action = form.get('Action');
    if (action === null || action === '') throw new QueueError('MissingAction', 'there is no Action');
    return { action, fields: fieldsOf(treeOf(form)) };
  },
  result(action, answer) {
    const result = elementsOf(answer, `${action}ResultEntry`);
    const content = result === '' ? '' : element(`${action}Result`, result);
    const metadata = element('ResponseMetadata', element('RequestId', randomUUID()));
    return xml(element(`${action}Response`, content + metadata));
  },
  refusal({ code, message, status }) {
    const error = elementsOf({
      Type: status < 500 ? 'Sender' : 'Receiver',
      Code: queryName(code),
      Message: message,
    });
    return xml(element('ErrorResponse', element('Error', error) + element('RequestId', randomUUID())));
  },
};

function xml(content: string) {
  return { type: 'text/xml', body: `<?xml version="1.0" encoding="UTF-8"?>\n${content}` };
}

/** A text, or what stands behind a dot: `A.1.B=x` is `{ A: { 1: { B: 'x' } } }`. */
interface Tree {
  [name: string]: Tree | string;
}

function treeOf(form: URLSearchParams): Tree {
  const root = emptyTree();
  for (const [path, value] of form) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let place = root;
    for (const name of names) {
      const next = place[name];
      place = typeof next === 'object' ? next : (place[name] = emptyTree());
    }
    place[last] = value;
  }
  return root;
}

/** Names come from outside; `__proto__` is one like any other. */
function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

/** Lists under the names that the JSON protocol has for them. */
function fieldsOf(tree: Tree): CheckedFields {
  const entriesName = Object.keys(tree).find((name) => name.endsWith('BatchRequestEntry'));
  const entries = entriesName === undefined ? undefined : listOf(tree[entriesName]).map(fieldsOf);
  return {
    ...tree,
    Entries: entries,
    Attributes: mapOf(tree['Attribute']),
    MessageAttributes: mapOf(tree['MessageAttribute']),
    AttributeNames: namesOf(tree['AttributeName']),
    MessageSystemAttributeNames: namesOf(tree['MessageSystemAttributeName'] ?? tree['AttributeName']),
    MessageAttributeNames: namesOf(tree['MessageAttributeName']),
  };
}

/** The members of a list, which are numbered from 1. */
function listOf(list: Tree | string | undefined): Tree[] {
  if (typeof list !== 'object') return [];
  return Object.keys(list)
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((number) => {
      const member = list[number];
      return typeof member === 'object' ? [member] : [];
    });
}

function mapOf(list: Tree | string | undefined): Record<string, Tree | string> | undefined {
  const pairs = listOf(list).flatMap(({ Name: name, Value: value }) =>
    typeof name === 'string' && value !== undefined ? [[name, value] as const] : [],
  );
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

function namesOf(list: Tree | string | undefined): string[] | undefined {
  return typeof list === 'object'
    ? Object.values(list).filter((name) => typeof name === 'string')
    : undefined;
}
