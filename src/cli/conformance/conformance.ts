import { usageError, type Command } from '../command.js';
import { flagsHelp } from '../flags/flags.js';
import { deploy, remove } from './deploy.js';
import { DEPLOY_FLAGS, REMOVE_FLAGS, REPORT_FLAGS, RUN_FLAGS } from './flags.js';
import { report } from './report.js';
import { run } from './run.js';

const HELP = `yc-broadcast conformance <part>: what the local gateway assumes, and what is so

One suite of questions for the local gateway and the cloud. What was seen goes
into a profile, to which dev --profile and startEmulator({ profile }) set the
local gateway.

conformance deploy: makes a function, a gateway, and two queues with triggers,
all labelled, and prints the address for run. What an earlier deploy has left is
removed first. Needs a token of somebody with the role admin on the folder.

${flagsHelp(DEPLOY_FLAGS)}

conformance run: asks. With --url it needs a token that may send.

${flagsHelp(RUN_FLAGS)}

conformance report: prints a profile in Markdown: of each case what is assumed,
what was seen and what follows, without ids, tokens and domains.

${flagsHelp(REPORT_FLAGS)}

conformance remove: removes what deploy has made, and nothing else.

${flagsHelp(REMOVE_FLAGS)}

Tokens are those of YC_TOKEN, or of the key in YC_SERVICE_ACCOUNT_KEY_FILE.

Exit codes: 0 done, 1 it failed, or the local gateway differs, 2 wrong call. A
difference in the cloud is what the suite is for.

Examples
  yc-broadcast conformance run --local
  yc-broadcast conformance deploy --folder b1g…
  yc-broadcast conformance run --url 'wss://d5d….apigw.yandexcloud.net?key=…'
  yc-broadcast conformance report > conformance.md
  yc-broadcast conformance remove --folder b1g…
`;

const PARTS = new Map([
  ['deploy', deploy],
  ['run', run],
  ['report', report],
  ['remove', remove],
]);

export const conformance: Command = {
  help: HELP,
  run([name = '', ...rest]) {
    const part = PARTS.get(name);
    if (part !== undefined) return part(rest);
    throw usageError(`expected ${[...PARTS.keys()].join(', ')}; see yc-broadcast conformance --help`);
  },
};
