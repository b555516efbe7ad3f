export * from './credit-announcements.store.js';
export * from './credits-summary.store.js';
export { classifyDatabaseFailure, type DatabaseFailure } from './database-failure.js';
export * from './flows.js';
export * from './grants.store.js';
export { INVARIANTS, type Invariant } from './invariants.js';
export { checkInvariants, type InvariantResult } from './invariants.store.js';
export type { LateUsage } from './late-usage.store.js';
export * from './organization-snapshot.store.js';
export type { PostedUsage } from './post-batch.store.js';
export * from './post-usage.js';
export {
  addSums,
  type DecodedCorrection,
  decodeCorrection,
  NO_SUMS,
  type PriceCorrection,
  type RerateSums,
} from './price-correction.js';
export { openCorrections, type RequestedCorrection, requestCorrection } from './price-correction.store.js';
export * from './rerate.store.js';
