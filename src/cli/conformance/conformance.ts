import { usageError, type Command } from '../command.js';
import { deploy, remove } from './deploy.js';
import { report } from './report.js';
import { run } from './run.js';

const HELP = `yc-broadcast conformance: what the local gateway assumes, and what is so

One suite of questions for two targets: each has an id, which docs/conformance.md
and docs/local-gateway.md name. What was seen goes into a profile, to which
dev --profile and startEmulator({ profile }) set the local gateway.

  run --local         asks the local gateway; with --profile it is set to the
                      profile first, and should do what the profile says
  deploy --folder <id> makes a function, a gateway and two queues with triggers
                      in a folder, all labelled, and prints the address for run.
                      What an earlier deploy has left is removed first. Needs a
                      token in YC_TOKEN, or YC_SERVICE_ACCOUNT_KEY_FILE, of
                      somebody who may do that: admin on the folder
  remove --folder <id> removes all of it, and nothing else
  run --url <wss://…> asks the deployed probe function, and writes the profile;
                      the address is what deploy has printed. Needs a token
    --quick           what takes minutes in all               (default)
    --idle            what waits for ten minutes of silence
    --lifetime        what waits for the hour of a connection
    --load            how many sends a second are taken; stops at the first 429
    --foreign <url>   a websocket of another gateway, for send.foreign
  report              prints the profile in Markdown: of each case what is
                      assumed, what was seen, what follows. No ids, tokens or
                      domains are in it

  --case <id>         only this one, may be repeated
  --profile <file>    (default conformance-profile.json; none for run --local)
  --format <format>   of run: text or json                    (default text)

Exit codes: 0 all as expected, 1 something differs or failed, 2 wrong call. A
difference in the cloud is what the suite is for, and ends with 0.

Examples
  yc-broadcast conformance run --local
  yc-broadcast conformance deploy --folder b1g…
  yc-broadcast conformance run --url 'wss://d5d….apigw.yandexcloud.net?key=…'
  yc-broadcast conformance report > conformance.md
  yc-broadcast conformance remove --folder b1g…
`;

const PARTS = new Map([
  ['run', run],
  ['report', report],
  ['deploy', deploy],
  ['remove', remove],
]);

export const conformance: Command = {
  help: HELP,
  run([name = '', ...rest]) {
    const part = PARTS.get(name);
    if (part !== undefined) return part(rest);
    throw usageError(`conformance: expected ${[...PARTS.keys()].join(', ')}; see --help`);
  },
};
