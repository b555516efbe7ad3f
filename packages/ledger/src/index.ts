export * from './account-kind.js';
export * from './ledger-reads.store.js';
