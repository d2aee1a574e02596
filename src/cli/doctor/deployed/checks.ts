import { reasonOf, type Finding } from '../finding.js';
import { checkAddress } from './address.js';
import { checkProtocol } from './conversation.js';
import { checkHandshake, checkOrigin } from './handshake.js';
import { checkNetwork } from './network.js';
import { checkSend } from './send.js';
import type { DeployedOptions } from './visit.js';

type DeployedCheck = (options: DeployedOptions) => Promise<Finding>;

/** In this order. When one of the first three fails, there is nobody to ask for the rest. */
export const DEPLOYED_CHECKS: readonly DeployedCheck[] = [
  checkAddress,
  checkNetwork,
  checkHandshake,
  surely('Origin', checkOrigin),
  surely('Protocol', checkProtocol),
  surely('Send', checkSend),
];

export const ENTRANCE = 3;

/** Networks break in the middle, too. */
function surely(subject: string, check: DeployedCheck): DeployedCheck {
  return async (options) => {
    try {
      return await check(options);
    } catch (error) {
      return { subject, level: 'failure', detail: reasonOf(error), remedy: 'try again' };
    }
  };
}
