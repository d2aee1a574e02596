/**
 * A Document API with nothing but a million connections in it, whose rows it makes while they are read:
 * dynalite does not keep so many, and what is measured is the store's memory, not the server's.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fieldsOf, number, type Item } from '../../src/stores/ydb/items.js';
import { CONNECTIONS, idIn, keyOf, sortKeyOf } from '../../src/stores/ydb/keys.js';
import { jobGiven, say } from '../processes.js';
import { connectionAt } from './operations.js';

interface Query {
  readonly ExpressionAttributeValues: Item;
  readonly Limit: number;
}

const { members } = jobGiven() as { members: number };
const sortKeys = Array.from({ length: members }, (_, index) => sortKeyOf(connectionAt(index).id)).sort();
const { attributes, connectedAt, expiresAt } = connectionAt(0);

function rowOf(sortKey: string): Item {
  const key = keyOf(CONNECTIONS, sortKey);
  const connection = { id: idIn(key), attributes, connectedAt, expiresAt };
  return JSON.parse(JSON.stringify({ ...key, ...fieldsOf(connection), v: number(1) })) as Item;
}

function query({ ExpressionAttributeValues: { ':first': first }, Limit }: Query): object {
  const from = firstNotBelow(first?.S ?? '');
  const page = sortKeys.slice(from, from + Limit);
  const last = page.at(-1);
  const isEnd = last === undefined || from + Limit >= members;
  return { Items: page.map(rowOf), ...(isEnd ? {} : { LastEvaluatedKey: keyOf(CONNECTIONS, last) }) };
}

function firstNotBelow(key: string): number {
  let [low, high] = [0, sortKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sortKeys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const KeySchema = [
  { AttributeName: 'p', KeyType: 'HASH' },
  { AttributeName: 's', KeyType: 'RANGE' },
];
const TABLE = {
  Table: { TableStatus: 'ACTIVE', KeySchema },
  TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED' },
};

const server = createServer((request, response) => {
  void json(request).then((body) => {
    const isQuery = String(request.headers['x-amz-target']).endsWith('.Query');
    response.end(JSON.stringify(isQuery ? query(body as Query) : TABLE));
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');
await say({ port: (server.address() as AddressInfo).port });
