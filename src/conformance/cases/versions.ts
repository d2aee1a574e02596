import type { ConformanceCase } from '../case.js';

const NO_VERSIONS = 'the local gateway has no versions of functions';
const NO_BILL = 'the local gateway sends no bill';

function billed(id: string, question: string, assumed: 'billed' | 'free', how: string): ConformanceCase {
  return {
    id,
    question,
    source: 'assumed',
    assumed,
    answers: { billed: 'docs/cost.md counts it.', free: 'docs/cost.md need not count it.' },
    how,
    cloudOnly: NO_BILL,
    probe: 'hand',
  };
}

export const versionCases: readonly ConformanceCase[] = [
  {
    id: 'version.with-lock',
    question: 'Is a version made of an archive with package.json and package-lock.json?',
    source: 'documented: npm ci runs in the function’s folder',
    assumed: 'made',
    answers: { made: 'What `bundle` writes can be deployed.', refused: '`bundle` has to leave them out.' },
    how: '`conformance deploy` makes the probe function of such an archive.',
    cloudOnly: NO_VERSIONS,
    probe: 'deploy',
  },
  {
    id: 'version.without-lock',
    question: 'Is a version made of an archive with package.json and no lock file?',
    source: 'documented: npm ci runs in the function’s folder, and fails without one',
    assumed: 'refused',
    answers: {
      refused: 'Beside a package.json there has to be a lock file.',
      made: 'A lock file is not needed.',
    },
    how: '`conformance deploy` tries it with a function of its own.',
    cloudOnly: NO_VERSIONS,
    probe: 'deploy',
  },
  billed(
    'billing.disconnects',
    'Is a disconnect event billed as a gateway request?',
    'billed',
    'Run in a folder of its own, and compare the requests of the gateway in the bill with the counts of the report.',
  ),
  billed(
    'billing.pings',
    'Is a ping frame of a client billed as a gateway request?',
    'free',
    'As billing.disconnects, with a client that pings for an hour.',
  ),
  billed(
    'billing.concurrent-calls',
    'Is each of several calls at once on one instance billed in full?',
    'billed',
    'Compare the GB × hours of the bill with those of the log.',
  ),
];
