export * from './idempotent-answer.store.js';
export * from './project-settings.store.js';
export * from './sealed-box.js';
export * from './stored-response.store.js';
