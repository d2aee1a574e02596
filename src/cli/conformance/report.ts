import { CASES, reportOf } from '../../conformance/index.js';
import { parseFlags } from '../flags/flags.js';
import { REPORT_FLAGS } from './flags.js';
import { PROFILE_FILE, readProfile } from './profile-file.js';

export async function report(args: readonly string[]): Promise<number> {
  const { profile = PROFILE_FILE } = parseFlags(REPORT_FLAGS, args, false).flags;
  process.stdout.write(reportOf(CASES, await readProfile(profile)));
  return 0;
}
