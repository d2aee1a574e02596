/**
 * One suite of questions for the local gateway and for the cloud:
 *
 *   case.ts, cases/   the questions: what is asked, assumed and how it is probed
 *   bench.ts          what a probe has in its hands
 *   probe/            the function that obeys commands in messages, here and in the cloud
 *   spec.ts           its gateway
 *   wire/             raw sockets, and the management API as it answers
 *   run/              runs cases: run-cases.ts, against a local gateway or a deployed one
 *   cloud/            deploys the probe function, and removes it
 *   profile.ts        what was seen, for the local gateway; report.ts, for people
 */
export { CASES } from './cases/index.js';
export { MODES, modeOf, type ConformanceCase, type Mode } from './case.js';
export { expectedOf, parseProfile, withResults } from './profile.js';
export { consequenceOf, reportOf } from './report.js';
export { runDeployed, type RunDeployedOptions } from './run/deployed.js';
export { runLocal, type RunLocalOptions } from './run/local.js';
export type { CaseResult } from './run/run-cases.js';
export { deployProbe, type Deployed } from './cloud/deploy.js';
export { queueService } from './cloud/queues.js';
export { removeDeployed } from './cloud/remove.js';
export type { DeployTarget } from './cloud/with-queues.js';
