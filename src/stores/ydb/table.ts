import { setTimeout as wait } from 'node:timers/promises';
import { BroadcastError } from '../../errors.js';
import type { DocumentApi, TableDescription } from './document-api.js';

/** What the table looks like; `t` is the attribute of its time to live. */
export const TABLE_SCHEMA = {
  AttributeDefinitions: [
    { AttributeName: 'p', AttributeType: 'S' },
    { AttributeName: 's', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'p', KeyType: 'HASH' },
    { AttributeName: 's', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};

/** What became of the table. */
export interface TableReport {
  readonly table: string;
  /** Whether it was made now; `false` when it was there. */
  readonly created: boolean;
  /** Whether the backend deletes rows that are over. Some local servers cannot. */
  readonly deletesExpired: boolean;
}

/** Pauses between questions whether a table that is being made is ready double from the first to the longest. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 640;
const READY_WITHIN_MS = 60_000;

/** Makes the table unless it is there, waits until it can be used, and switches on its time to live. */
export async function ensureTable(api: DocumentApi): Promise<TableReport> {
  const TableName = api.table;
  const request = { TableName, ...TABLE_SCHEMA };
  const created = (await api.callUnless('ResourceInUseException', 'CreateTable', request)) !== undefined;
  await untilReady(api);
  return { table: TableName, created, deletesExpired: await ensureTimeToLive(api) };
}

async function untilReady(api: DocumentApi): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const answer = await api.callUnless('ResourceNotFoundException', 'DescribeTable', {
      TableName: api.table,
    });
    if (answer?.Table?.TableStatus === 'ACTIVE') {
      checkKeys(api, answer.Table);
      return;
    }
    if (Date.now() > until) {
      throw new BroadcastError(
        'STORE_UNAVAILABLE',
        `the table '${api.table}' is not ready after ${READY_WITHIN_MS / 1000} s; run this again later`,
      );
    }
    await wait(pauseMs);
  }
}

function checkKeys({ table }: DocumentApi, { KeySchema = [] }: TableDescription): void {
  const keys = KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`);
  if (keys.sort().join() === 'p HASH,s RANGE') return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `there is a table '${table}' with other keys, which is not ours; choose another tablePrefix`,
  );
}

/** Switching it on again while that is under way is refused, so it is asked for first. */
async function ensureTimeToLive(api: DocumentApi): Promise<boolean> {
  const TableName = api.table;
  const { TimeToLiveDescription } = await api.call('DescribeTimeToLive', { TableName });
  if (TimeToLiveDescription?.TimeToLiveStatus?.startsWith('ENABL') === true) return true;
  const answer = await api.callUnless('UnknownOperationException', 'UpdateTimeToLive', {
    TableName,
    TimeToLiveSpecification: { AttributeName: 't', Enabled: true },
  });
  return answer !== undefined;
}
