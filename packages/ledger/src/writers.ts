// What writes money rows. Only packages/billing imports this entry point.
export * from './journal.store.js';
export * from './journal-posting.js';
