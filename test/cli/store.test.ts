import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ydbStore } from 'yc-broadcast/stores/ydb';
import { runCli, startCli } from '../support/cli.js';
import { startDocumentProxy, type DocumentProxy } from '../support/document-proxy.js';
import { LOCAL_KEY, startDynalite, type Dynalite } from '../support/dynalite.js';

const TOKEN = 't1.secret-token';

let dynalite: Dynalite;
let proxy: DocumentProxy;
beforeAll(async () => {
  dynalite = await startDynalite();
  proxy = await startDocumentProxy(dynalite.endpoint);
});
afterAll(async () => {
  await proxy.close();
  await dynalite.close();
});
beforeEach(() => {
  proxy.forget();
  proxy.script(() => undefined);
  proxy.acceptTokens(TOKEN);
});

async function run(args: readonly string[], env: NodeJS.ProcessEnv = { YC_TOKEN: TOKEN }) {
  const cli = startCli(['store', ...args], env);
  return { code: await cli.exited, output: cli.output() };
}

function create(prefix: string, env?: NodeJS.ProcessEnv) {
  return run(['create', '--store', 'ydb', '--endpoint', proxy.endpoint, '--prefix', prefix], env);
}

describe('yc-broadcast store create --store ydb', () => {
  it('makes a table in which a store can work, with a time to live', async () => {
    const prefix = `t${randomUUID()}_`;
    expect(await create(prefix)).toEqual({ code: 0, output: `created: table ${prefix}store\n` });
    const update = proxy.requests.find(({ action }) => action === 'UpdateTimeToLive');
    expect(update?.body).toEqual({
      TableName: `${prefix}store`,
      TimeToLiveSpecification: { AttributeName: 't', Enabled: true },
    });
    const store = ydbStore({ endpoint: proxy.endpoint, tablePrefix: prefix, token: TOKEN });
    const times = { connectedAt: Date.now(), expiresAt: Date.now() + 1000 };
    expect(await store.put({ id: 'phone', attributes: {}, ...times })).toBe('stored');
    await store.close?.();
  });

  it('leaves a table that is there as it is', async () => {
    const prefix = `t${randomUUID()}_`;
    await create(prefix);
    proxy.forget();
    expect(await create(prefix)).toEqual({ code: 0, output: `already there: table ${prefix}store\n` });
    expect(proxy.requests.map(({ action }) => action)).not.toContain('UpdateTimeToLive');
  });

  it('waits until the table can be used', async () => {
    let asked = 0;
    proxy.script(({ action }) => {
      if (action !== 'DescribeTable' || ++asked > 2) return undefined;
      return { status: 200, body: { Table: { TableStatus: 'CREATING' } } };
    });
    expect((await create(`t${randomUUID()}_`)).code).toBe(0);
    const actions = proxy.requests.map(({ action }) => action);
    expect(actions.filter((action) => action === 'DescribeTable')).toHaveLength(3);
    expect(actions.indexOf('UpdateTimeToLive')).toBeGreaterThan(actions.lastIndexOf('DescribeTable'));
  });

  it('makes the table anew when the one that is there is just being deleted', async () => {
    const told = new Set<string>();
    proxy.script(({ action }) => {
      if (told.size === 2 || told.has(action)) return undefined;
      told.add(action);
      return action === 'CreateTable'
        ? { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceInUseException' } }
        : { status: 200, body: { Table: { TableStatus: 'DELETING' } } };
    });
    const prefix = `t${randomUUID()}_`;
    expect(await create(prefix)).toEqual({ code: 0, output: `created: table ${prefix}store\n` });
  });

  it('says so when the server has no time to live, and takes a static key', async () => {
    const { output, code } = await run(
      ['create', '--store', 'ydb', '--endpoint', dynalite.endpoint, '--prefix', `t${randomUUID()}_`],
      {
        YC_BROADCAST_YDB_ACCESS_KEY_ID: LOCAL_KEY.accessKeyId,
        YC_BROADCAST_YDB_SECRET_ACCESS_KEY: LOCAL_KEY.secretAccessKey,
      },
    );
    expect(code).toBe(0);
    expect(output).toMatch(/^created: table .*\nthis server does not support time to live/);
  });

  it('does not touch a table that is not ours', async () => {
    const TableName = `t${randomUUID()}_store`;
    await dynalite.send('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pets', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pets', KeyType: 'HASH' }],
    });
    const { code, output } = await create(TableName.slice(0, -'store'.length));
    expect(code).toBe(1);
    expect(output).toBe(
      `yc-broadcast: there is a table '${TableName}' with other keys, which yc-broadcast did not create; choose another tablePrefix\n`,
    );
  });

  it('names the role when access is denied, and never the token', async () => {
    const { code, output } = await create('x_', { YC_TOKEN: 't1.another-token' });
    expect(code).toBe(1);
    expect(output).toContain('ydb.editor');
    expect(output).not.toContain('another-token');
  });

  it('says what is missing when it is called wrongly', async () => {
    expect(await run(['create', '--store', 'ydb'], { YC_BROADCAST_YDB_ENDPOINT: '' })).toEqual({
      code: 2,
      output:
        'yc-broadcast: missing --endpoint; give the Document API endpoint of the database, or set YC_BROADCAST_YDB_ENDPOINT\n',
    });
    expect((await run(['create'])).output).toContain('missing --store');
    expect((await run(['create', '--store', 'abacus'])).output).toContain("the store 'abacus'");
    expect((await run(['delete', '--store', 'ydb'])).code).toBe(2);
  });

  it('prints help that fits into 80 columns, with examples', async () => {
    const { code, output } = await runCli('store', '--help');
    expect(code).toBe(0);
    expect(output).toContain('Examples');
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
