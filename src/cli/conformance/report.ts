import { parseArgs } from 'node:util';
import { CASES, reportOf } from '../../conformance/index.js';
import { PROFILE_FILE, readProfile } from './profile-file.js';

export async function report(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { profile: { type: 'string', default: PROFILE_FILE } },
  });
  process.stdout.write(reportOf(CASES, await readProfile(values.profile)));
  return 0;
}
