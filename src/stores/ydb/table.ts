import { setTimeout as wait } from 'node:timers/promises';
import { BroadcastError } from '../../base/errors.js';
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

/**
 * Pauses between questions whether a table that is being made is ready double from the first to the longest.
 */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 640;
const READY_WITHIN_MS = 60_000;

/**
 * Makes the table unless it is there, waits until it can be used, and switches on its time to live. One that
 * is just being deleted is there as well, and then it is not: so it is made again when it cannot be found.
 */
export async function ensureTable(api: DocumentApi): Promise<TableReport> {
  let created = await make(api);
  const until = Date.now() + READY_WITHIN_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const state = await stateOf(api);
    if (state === 'ready') break;
    if (Date.now() > until) throw notReady(api);
    // No oftener than that: a database allows 30 of these in a minute (documented).
    if (state === 'absent' && !created) created = await make(api);
    await wait(pauseMs);
  }
  return { table: api.table, created, deletesExpired: await ensureTimeToLive(api) };
}

/** Whether it was made now. */
async function make(api: DocumentApi): Promise<boolean> {
  const request = { TableName: api.table, ...TABLE_SCHEMA };
  return (await api.callUnless('ResourceInUseException', 'CreateTable', request)) !== undefined;
}

async function stateOf(api: DocumentApi): Promise<'absent' | 'unready' | 'ready'> {
  const request = { TableName: api.table };
  const answer = await api.callUnless('ResourceNotFoundException', 'DescribeTable', request);
  if (answer === undefined) return 'absent';
  if (answer.Table?.TableStatus !== 'ACTIVE') return 'unready';
  checkKeys(api, answer.Table);
  return 'ready';
}

function notReady({ table }: DocumentApi): BroadcastError {
  return new BroadcastError(
    'STORE_UNAVAILABLE',
    `the table '${table}' is not ready after ${READY_WITHIN_MS / 1000} s; run this command again later`,
  );
}

function checkKeys({ table }: DocumentApi, { KeySchema = [] }: TableDescription): void {
  const keys = KeySchema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`);
  if (keys.sort().join() === 'p HASH,s RANGE') return;
  throw new BroadcastError(
    'INVALID_OPTIONS',
    `there is a table '${table}' with other keys, which yc-broadcast did not create; choose another tablePrefix`,
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
