// What of `yc` the scripts use.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { only, parse } from './arguments.js';

const known = JSON.parse(readFileSync(new URL('yc-commands.json', import.meta.url), 'utf8'));
const GLOBAL = ['folder-id', 'format'];
const FOLDER = 'b1gfolder';

export function yc(args, state, folder) {
  if (args.join(' ') === 'config get folder-id') return FOLDER;
  const { command, flags } = parse(args);
  if (known[command] === undefined) throw new Error(`unknown command: ${command}`);
  const strange = Object.keys(flags).find((name) => ![...known[command], ...GLOBAL].includes(name));
  if (strange !== undefined) throw new Error(`unknown flag: --${strange} of ${command}`);
  if (command === process.env.FAKE_CLOUD_REFUSES) throw new Error('code = PermissionDenied');
  const words = command.split(' ');
  const special = SPECIAL[command];
  if (special !== undefined) return special(flags, state, folder);
  const [kind, verb] = command.includes(' create ')
    ? [words.slice(0, words.indexOf('create')).join(' '), 'create']
    : [words.slice(0, -1).join(' '), words.at(-1)];
  return VERBS[verb](kind, flags, state, folder);
}

const SPECIAL = {
  'iam create-token': () => 't1.token-of-the-person',
  'iam access-key create'(flags, state) {
    const account = find('iam service-account', only(flags, 'service-account-id'), state);
    const number = state.keys.length + 1;
    const key = { id: `ajekey${number}`, service_account_id: account.id, key_id: `YCAkey${number}` };
    state.keys.push({ ...key, secret: `YCPsecret${number}` });
    return { access_key: key, secret: `YCPsecret${number}` };
  },
  'iam access-key list': (flags, state) =>
    state.keys
      .filter((key) => key.service_account_id === only(flags, 'service-account-id'))
      .map((key) => without(key, 'secret')),
  'iam access-key delete'(flags, state) {
    state.keys = state.keys.filter(({ id }) => id !== only(flags, 'id'));
  },
  'lockbox payload get': (flags, state) =>
    find('lockbox secret', only(flags, 'id'), state).payload.find(({ key }) => key === only(flags, 'key'))
      .text_value,
  'serverless function version create'(flags, state, folder) {
    const id = only(flags, 'function-id');
    const made = find('serverless function', id, state);
    for (const name of ['runtime', 'entrypoint']) only(flags, name);
    cpSync(only(flags, 'source-path'), join(folder, id), { recursive: true });
    made.version = { ...flags, environment: variables(flags.environment) };
    return { id: 'd4eversion', function_id: id, status: 'ACTIVE' };
  },
  'serverless trigger update timer'(flags, state) {
    const trigger = find('serverless trigger', only(flags, 'id'), state);
    trigger.flags['cron-expression'] = flags['new-cron-expression'];
    return trigger;
  },
};

const VERBS = {
  create(kind, flags, state, folder) {
    const name = only(flags, 'name');
    if (state.resources.some((one) => one.kind === kind && one.name === name))
      throw new Error(`code = AlreadyExists: ${kind} ${name}`);
    const id = `${PREFIX[kind]}${name.replaceAll('-', '')}`;
    const made = { kind, id, folder_id: FOLDER, name, flags };
    if (kind === 'serverless api-gateway') keepSpec(made, flags, folder);
    if (kind === 'ydb database') made.document_api_endpoint = process.env.FAKE_CLOUD_DOCUMENT_API;
    if (kind === 'lockbox secret') made.payload = JSON.parse(readFileSync(0, 'utf8'));
    state.resources.push(made);
    return shown(made);
  },
  update(kind, flags, state, folder) {
    const made = find(kind, only(flags, 'id'), state);
    keepSpec(made, flags, folder);
    return shown(made);
  },
  get: (kind, flags, state) => shown(find(kind, only(flags, 'id'), state)),
  list: (kind, _flags, state) => state.resources.filter((one) => one.kind === kind).map(shown),
  delete(kind, flags, state) {
    const made = find(kind, only(flags, 'id'), state);
    if (
      kind === 'iam service-account' &&
      state.bindings.some((one) => one.subject.id === made.id && one.on === FOLDER)
    )
      throw new Error('a role on the folder outlives the account');
    state.resources = state.resources.filter((one) => one !== made);
  },
  'list-access-bindings': (_kind, flags, state) =>
    state.bindings.filter(({ on }) => on === only(flags, 'id')),
  'add-access-binding'(kind, flags, state) {
    const [on, role_id] = [only(flags, 'id'), only(flags, 'role')];
    const subject = { id: only(flags, 'service-account-id'), type: 'serviceAccount' };
    if (on !== FOLDER) find(kind, on, state);
    state.bindings.push({ on, kind, role_id, subject });
  },
  'remove-access-binding'(_kind, flags, state) {
    const [on, role, account] = ['id', 'role', 'service-account-id'].map((name) => only(flags, name));
    state.bindings = state.bindings.filter(
      (one) => !(one.on === on && one.role_id === role && one.subject.id === account),
    );
  },
};

const PREFIX = {
  'iam service-account': 'aje',
  'lockbox secret': 'e6q',
  'logging group': 'e23',
  'serverless api-gateway': 'd5d',
  'serverless function': 'd4e',
  'serverless trigger': 'a1s',
  'ydb database': 'etn',
};

function find(kind, id, state) {
  const made = state.resources.find((one) => one.kind === kind && one.id === id);
  if (made === undefined) throw new Error(`code = NotFound: ${kind} ${id}`);
  return made;
}

/** Secrets are told by their own command only. */
const shown = (made) => without(made, 'payload');

function without(object, name) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

function keepSpec(made, flags, folder) {
  cpSync(only(flags, 'spec'), join(folder, 'gateway.yaml'));
  made.domain = `${made.id}.abcd1234.apigw.yandexcloud.net`;
}

/** As yc has them: it splits at commas. */
function variables(flags = []) {
  return Object.fromEntries(
    flags
      .flatMap((flag) => flag.split(','))
      .map((pair) => {
        const [name, ...value] = pair.split('=');
        if (value.length === 0) throw new Error(`${pair} must be formatted as key=value`);
        return [name, value.join('=')];
      }),
  );
}
