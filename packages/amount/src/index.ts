export * from './decimal.js';
export * from './nanousd.js';
