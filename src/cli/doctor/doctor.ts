import { join } from 'node:path';
import { projectFolder } from '../../emulator/code/compiler.js';
import { usageError, type Command } from '../command.js';
import { flagsHelp, many, one, parseFlags, toggle } from '../flags/flags.js';
import { format, port, text } from '../flags/values.js';
import { checkCertificate } from './certificate.js';
import { DEPLOYED_CHECKS, ENTRANCE } from './deployed/checks.js';
import { deployedOptions } from './deployed/options.js';
import type { Check, DoctorOptions, Finding } from './finding.js';
import { DEFAULT_PORT } from '../dev/dev-flags.js';
import { checkClock, checkFolder, checkPort } from './machine.js';
import { checkNode, checkSdk } from './programs.js';
import { findingText, verdict } from './report.js';
import { checkRedirect } from './self-test.js';
import { checkProxy, checkVariables } from './variables.js';
import { paletteFor } from '../terminal/palette.js';

const LOCAL_FLAGS = {
  port: one(port, `the port that dev is going to use (default ${DEFAULT_PORT})`),
  online: toggle('also ask the cloud: its time, whether it can be reached'),
};

const DEPLOYED_FLAGS = {
  url: one(text('<wss://…>'), 'where clients connect, with what the query has to hold'),
  origin: one(text('<origin>'), 'a page that may connect, as browsers name it'),
  header: many(text('<n: v>'), 'what else a handshake needs'),
};

const COMMON_FLAGS = { format: one(format, 'of the report: text or json (default text)') };

const FLAGS = { ...LOCAL_FLAGS, ...DEPLOYED_FLAGS, ...COMMON_FLAGS };

const HELP = `yc-broadcast doctor: says whether it works, here or in the cloud

Here: programs, port, files, certificate, clock and environment. It runs a
function that is written for the cloud: with the official SDK of this project,
or else with fetch, it gets, reaches and closes a connection of a local gateway.

${flagsHelp(LOCAL_FLAGS)}

In the cloud, from outside: address, name and certificate, handshake, origins,
protocol. With a token in YC_TOKEN, or a key of a service account in the file
that YC_SERVICE_ACCOUNT_KEY_FILE names, it sends a message to itself.

${flagsHelp(DEPLOYED_FLAGS)}

${flagsHelp(COMMON_FLAGS)}

Exit codes: 0 all works, 1 something does not, 2 wrong call.

Not emulated, and so not looked at here: IAM roles, networks, domains of your
own, Smart Web Security, canary releases.

Examples
  yc-broadcast doctor
  yc-broadcast doctor --port 8080 --format json | jq '.[] | select(.remedy)'
  yc-broadcast doctor --url wss://d5d….apigw.yandexcloud.net/ws \\
    --origin https://chat.example --header 'Cookie: sid=…'
`;

const LOCAL_CHECKS: readonly Check[] = [
  checkNode,
  checkSdk,
  checkPort,
  checkFolder,
  checkCertificate,
  checkRedirect,
  checkVariables,
  checkProxy,
  checkClock,
];

export const doctor: Command = {
  help: HELP,
  async run(args) {
    const { format, checks } = parseDoctorOptions(args);
    const findings = format === 'json' ? await inJson(checks()) : await inText(checks());
    return findings.some(({ level }) => level === 'failure') ? 1 : 0;
  },
};

interface Plan {
  readonly format: 'text' | 'json' | undefined;
  /** Makes the findings one after the other, so that the slow one shows. */
  checks(): AsyncIterable<Finding>;
}

function parseDoctorOptions(args: readonly string[]): Plan {
  const { format, url, port, online, origin, header } = parseFlags(FLAGS, args, false).flags;
  if (url === undefined) {
    if (origin !== undefined || header !== undefined)
      throw usageError('--origin and --header belong to --url');
    const options = localOptions(port ?? DEFAULT_PORT, online);
    return { format, checks: () => inTurn(LOCAL_CHECKS, options, 0) };
  }
  if (port !== undefined || online)
    throw usageError('--port and --online are for the local gateway; leave them out with --url');
  const options = deployedOptions(url, origin, header);
  return { format, checks: () => inTurn(DEPLOYED_CHECKS, options, ENTRANCE) };
}

function localOptions(port: number, isOnline: boolean): DoctorOptions {
  if (port === 0) throw usageError("--port: expected a number from 1 to 65535, got '0'");
  return { port, isOnline, project: projectFolder(join(process.cwd(), 'handler.ts')) };
}

/** When one of the first `needed` fails, the others are not made: they could only fail as well. */
async function* inTurn<O>(
  checks: readonly ((options: O) => Promise<Finding>)[],
  options: O,
  needed: number,
): AsyncIterable<Finding> {
  for (const [index, check] of checks.entries()) {
    const finding = await check(options);
    yield finding;
    if (index < needed && finding.level === 'failure') return;
  }
}

async function inText(checks: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  const paint = paletteFor(process.stdout);
  const findings: Finding[] = [];
  process.stdout.write('\n');
  for await (const finding of checks) {
    findings.push(finding);
    process.stdout.write(`${findingText(finding, paint)}\n`);
  }
  process.stdout.write(`\n  ${verdict(findings)}\n\n`);
  return findings;
}

async function inJson(checks: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checks) findings.push(finding);
  process.stdout.write(`${JSON.stringify(findings)}\n`);
  return findings;
}
