export * from './credit-announcements.store.js';
export * from './credits-summary.store.js';
export * from './flows.js';
export * from './grants.store.js';
export * from './organization-snapshot.store.js';
export * from './post-usage.js';
export type { PostedUsage } from './post-batch.store.js';
