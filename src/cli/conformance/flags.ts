import { CASES, type ConformanceCase } from '../../conformance/index.js';
import { usageError } from '../command.js';
import { many, one, toggle } from '../flags/flags.js';
import { format, text, type ValueType } from '../flags/values.js';
import { PROFILE_FILE } from './profile-file.js';

const caseId: ValueType<ConformanceCase> = {
  placeholder: '<id>',
  parse(given, name) {
    const found = CASES.find(({ id }) => id === given);
    if (found === undefined)
      throw usageError(`${name}: there is no case '${given}'; docs/conformance.md lists them`);
    return found;
  },
};

/** The address is not repeated in the error: its query holds a key. */
const socketUrl: ValueType<URL> = {
  placeholder: '<wss://…>',
  parse(given, name) {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url?.protocol === 'wss:' || url?.protocol === 'ws:') return url;
    throw usageError(`${name}: expected an address such as wss://d5d….apigw.yandexcloud.net`);
  },
};

const folderId: ValueType<string> = {
  placeholder: '<id>',
  parse(given, name) {
    if (/^[a-z0-9]{1,50}$/.test(given)) return given;
    throw usageError(`${name}: expected the id of a folder; yc resource-manager folder list shows it`);
  },
};

const profile = one(text('<file>'), `(default ${PROFILE_FILE})`);

export const DEPLOY_FLAGS = {
  folder: one(folderId, 'where; best a folder of its own'),
  profile,
};

export const REMOVE_FLAGS = { folder: DEPLOY_FLAGS.folder };

export const RUN_FLAGS = {
  local: toggle('ask the local gateway'),
  url: one(socketUrl, 'ask the deployed probe function: the address that deploy has printed'),
  quick: toggle('with --url: what takes minutes in all (default)'),
  idle: toggle('with --url: what waits for ten minutes of silence'),
  lifetime: toggle('with --url: what waits for the hour of a connection'),
  load: toggle('with --url: how many sends a second are taken; stops at the first 429'),
  foreign: one(socketUrl, 'with --url: a websocket of another gateway, for send.foreign'),
  case: many(caseId, 'only this case'),
  profile: one(
    text('<file>'),
    `with --url: where to write what was seen (default ${PROFILE_FILE}); with --local: what the gateway is set to, and should do then`,
  ),
  format: one(format, 'text or json (default text)'),
};

export const REPORT_FLAGS = { profile };
