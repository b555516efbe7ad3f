export * from './catalog.js';
export * from './is-callable.js';
export * from './model.js';
export { MODEL_VARIANTS, type ModelVariant } from './model-name.js';
export * from './price-at.js';
export * from './price-component.js';
export * from './price-schedule.js';
export * from './provider.js';
export * from './providers.js';
