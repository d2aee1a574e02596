export { compareLanes } from './compare-lanes.js';
export type { LaneChoice, LaneCost, LaneName, LaneOptions } from './compare-lanes.js';
