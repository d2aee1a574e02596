/**
 * Written by `npm run bench -- --record`: of a whole broadcast, from the store's page to the report, per
 * recipient.
 */
export const CPU_MICROS_PER_SEND = 17.82;
