export * from './histogram.js';
export * from './usage.store.js';
export * from './usage-event.js';
export * from './usage-rollup.js';
export type { PostingReference } from './usage-rows.js';
