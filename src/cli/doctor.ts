import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectFolder } from '../emulator/code/compiler.js';
import { usageError, type Command } from './command.js';
import { checkCertificate } from './doctor/certificate.js';
import type { Check, DoctorOptions, Finding } from './doctor/finding.js';
import { checkClock, checkFolder, checkPort } from './doctor/machine.js';
import { checkNode, checkSdk } from './doctor/programs.js';
import { findingText, verdict } from './doctor/report.js';
import { checkRedirect } from './doctor/self-test.js';
import { checkProxy, checkVariables } from './doctor/variables.js';
import { paletteFor } from './palette.js';

const HELP = `yc-broadcast doctor: says whether the local gateway will work here

It looks at programs, port, files, certificate, clock and environment, and runs
a function that is written for the cloud: with the official SDK of this project,
or else with fetch, it gets, reaches and closes a connection of a local gateway.

  --port <number>     the port that dev is going to use   (default 4510)
  --online            also ask the cloud: its time, whether it can be reached
  --format <format>   of the report: text or json         (default text)

Exit codes: 0 all works, 1 something does not, 2 wrong call.

Not emulated, and so not looked at: IAM roles, networks, domains of your own,
Smart Web Security, canary releases.

Examples
  yc-broadcast doctor
  yc-broadcast doctor --port 8080 --format json | jq '.[] | select(.remedy)'
`;

const CHECKS: readonly Check[] = [
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
    const { format, ...options } = parseDoctorOptions(args);
    const findings = format === 'json' ? await inJson(options) : await inText(options);
    return findings.some(({ level }) => level === 'failure') ? 1 : 0;
  },
};

function parseDoctorOptions(args: readonly string[]): DoctorOptions & { readonly format: 'text' | 'json' } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '4510' },
      online: { type: 'boolean', default: false },
      format: { type: 'string', default: 'text' },
    },
  });
  const { format, online: isOnline } = values;
  if (format !== 'text' && format !== 'json') {
    throw usageError(`--format: expected text or json, got '${format}'`);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) {
    throw usageError(`--port: expected a number from 1 to 65535, got '${values.port}'`);
  }
  return { format, port, isOnline, project: projectFolder(join(process.cwd(), 'handler.ts')) };
}

/** One after the other, so that the slow one shows. */
async function inText(options: DoctorOptions): Promise<readonly Finding[]> {
  const paint = paletteFor(process.stdout);
  const findings: Finding[] = [];
  process.stdout.write('\n');
  for (const check of CHECKS) {
    const finding = await check(options);
    findings.push(finding);
    process.stdout.write(`${findingText(finding, paint)}\n`);
  }
  process.stdout.write(`\n  ${verdict(findings)}\n\n`);
  return findings;
}

async function inJson(options: DoctorOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await check(options));
  process.stdout.write(`${JSON.stringify(findings)}\n`);
  return findings;
}
