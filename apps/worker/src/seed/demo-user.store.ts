import { randomBytes } from 'node:crypto';
import type { Database } from '@tollgate/prisma';
import { hashPassword } from './password-hash.js';

/** Makes the demo user with a verified address and a password, or answers the one that is there; its password then stays. */
export async function ensureDemoUser(
  database: Database,
  { email, password, now }: { email: string; password: string; now: Date },
): Promise<string> {
  const found = await database.user.findUnique({ where: { email } });
  if (found) return found.id;
  const id = randomBytes(16).toString('hex');
  const hash = await hashPassword(password, randomBytes(16));
  await database.user.create({
    data: {
      id,
      name: 'Demo',
      email,
      emailVerified: true,
      createdAt: now,
      accounts: {
        create: { id: randomBytes(16).toString('hex'), accountId: id, providerId: 'credential', password: hash },
      },
    },
  });
  return id;
}
