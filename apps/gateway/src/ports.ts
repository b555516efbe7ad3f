/** Injection tokens: what main.ts composes and the doors receive. */
export const EXCHANGE = Symbol('exchange');
export const EXPLAINER = Symbol('explainer');
export const TOKEN_COUNTER = Symbol('token counter');
export const MEMORY = Symbol('response memory');
export const VAULT = Symbol('reasoning vault');
export const KEYS = Symbol('keys');
export const LOGGER = Symbol('logger');
export const CATALOG = Symbol('catalog');
export const HOUSE_MARKUP = Symbol('house markup');
export const DATABASE = Symbol('database');
export const ADMISSION = Symbol('admission');
export const CONFIG = Symbol('config');
export const READINESS = Symbol('readiness');
export const RECEIPT_KEYS = Symbol('receipt keys');
