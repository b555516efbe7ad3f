export * from './fail-point.js';
export * from './logger.js';
export * from './metrics.js';
