import { type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, string, number, ScryptOptions, Buffer>(scrypt);

/**
 * A password as better-auth stores it, so that the demo user can sign in: `salt:key`, both hexadecimal, where the salt given
 * to scrypt is the hexadecimal text itself. This program does not depend on better-auth; a test of the dashboard's sign-in
 * notices when the two part.
 */
export async function hashPassword(password: string, salt: Buffer): Promise<string> {
  const saltText = salt.toString('hex');
  const cost = { N: 16_384, r: 16, p: 1 };
  const key = await derive(password.normalize('NFKC'), saltText, 64, { ...cost, maxmem: 128 * cost.N * cost.r * 2 });
  return `${saltText}:${key.toString('hex')}`;
}
