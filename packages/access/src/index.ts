export * from './api-key.js';
export * from './display-name.js';
export * from './key-token.js';
export * from './keys.store.js';
export * from './organizations.store.js';
export * from './record-id.js';
export * from './roles.js';
export * from './verify-key.store.js';
