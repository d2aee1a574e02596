import { CLOUD_FRAME_LIMITS, type FrameLimits } from '../sockets/frame-limits.js';
import type { Guesses } from './guesses.js';

/** What a limit is multiplied by that was not found where it is documented. */
const RAISED = 3;

/** What clients may send; a limit that was set to something else stays. */
export function raisedLimits(limits: FrameLimits, guess: Guesses): FrameLimits {
  const raise = (name: keyof FrameLimits, seen: string): number => {
    const isRaised = seen.startsWith('more than') && limits[name] === CLOUD_FRAME_LIMITS[name];
    return isRaised ? limits[name] * RAISED : limits[name];
  };
  return {
    maxFrameBytes: raise('maxFrameBytes', guess('size.frame-in')),
    maxMessageBytes: raise('maxMessageBytes', guess('size.message-in')),
  };
}
