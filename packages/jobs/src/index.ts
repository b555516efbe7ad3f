export * from './job-payloads.js';
export * from './job-table.js';
