export * from './charge.js';
export { pricesAt, pricesForInput, unitPrice } from './effective-prices.js';
export * from './marked-up-price.js';
export * from './markup.js';
export { PRICE_FALLBACK } from './price-fallback.js';
export * from './price-usage.js';
export * from './receipt.js';
export * from './reprice.js';
export * from './upper-bound.js';
