// A stand-in for the programs `yc` and `aws`: node cloud.js <yc|aws> <arguments>. It keeps what was made in
// $FAKE_CLOUD/state.json, writes down every call in $FAKE_CLOUD/calls.jsonl, and refuses what the reference of the
// command line does not have (yc-commands.json was typed from it on 2026-11-24; of some list, get and delete commands only
// the flags that their neighbours share).
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aws } from './aws.js';
import { yc } from './yc.js';

const folder = process.env.FAKE_CLOUD;
const [program, ...args] = process.argv.slice(2);
const stateFile = join(folder, 'state.json');
const state = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, 'utf8'))
  : { resources: [], bindings: [], keys: [], queues: {} };

appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify([program, ...args])}\n`);
try {
  const answer = (program === 'yc' ? yc : aws)(args, state, folder);
  if (answer !== undefined)
    console.log(typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2));
  writeFileSync(stateFile, JSON.stringify(state, null, 2));
} catch (error) {
  console.error(`ERROR: ${error.message}`);
  process.exitCode = 1;
}
