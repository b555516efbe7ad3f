import 'server-only';
import { randomBytes } from 'node:crypto';

/** The one source of randomness the dashboard hands to the packages. */
export const random = (n: number): Buffer => randomBytes(n);
