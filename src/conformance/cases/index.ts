import type { ConformanceCase } from '../case.js';
import { authorizerCases } from './authorizers.js';
import { closingCases } from './closing.js';
import { contentTypeCases } from './content-types.js';
import { eventCases } from './events.js';
import { handshakeCases } from './handshakes.js';
import { idleCases } from './idle.js';
import { instanceCases } from './instances.js';
import { orderCases } from './order.js';
import { queueCases } from './queues.js';
import { replyCases } from './replies.js';
import { sendCases } from './sends.js';
import { sizeCases } from './sizes.js';
import { versionCases } from './versions.js';

/** Everything that is asked, subject by subject. */
export const CASES: readonly ConformanceCase[] = [
  ...handshakeCases,
  ...eventCases,
  ...orderCases,
  ...replyCases,
  ...contentTypeCases,
  ...sizeCases,
  ...sendCases,
  ...closingCases,
  ...idleCases,
  ...authorizerCases,
  ...instanceCases,
  ...queueCases,
  ...versionCases,
];
