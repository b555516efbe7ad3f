import { randomBytes } from 'node:crypto';
import { createOrganizationForUser, mintId } from '@tollgate/access';
import { nanousd } from '@tollgate/amount';
import { postGrants, requestGrant } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { readSeedConfig, type SeedConfig } from '../config.js';
import { importCatalog } from '../jobs/catalog-import.js';
import { ensurePartitions } from '../jobs/partitions-ensure.store.js';
import { ensureDemoKey } from './demo-keys.js';
import { ensureDemoUser } from './demo-user.store.js';

const EMAIL = 'demo@tollgate.local';
const GRANT = nanousd(25_000_000_000n);

/** What scripts are told, as the last line of standard output. */
interface SeedAnswer {
  readonly demoKey: string;
  readonly managementKey: string;
  readonly organizationId: string;
  readonly email: string;
  readonly password: string;
}

const read = readSeedConfig();
if (read.ok) process.stdout.write(`${JSON.stringify(await seed(read.config))}\n`);
else {
  process.stderr.write(`the seed cannot run:\n  ${read.problems.join('\n  ')}\n`);
  process.exitCode = 1;
}

/** Catalogue, demo user, organisation, keys and sandbox credit. Run again, it makes only what is missing. */
async function seed(config: SeedConfig): Promise<SeedAnswer> {
  const log = createLogger({ name: 'seed', destination: process.stderr });
  const database = openDatabase({ url: config.databaseUrl, applicationName: 'tollgate-seed' });
  const now = Date.now;
  try {
    await ensurePartitions({ database, now });
    await importCatalog({ database, log, now });
    const userId = await ensureDemoUser(database, {
      email: EMAIL,
      password: config.demoPassword,
      now: new Date(now()),
    });
    const { organizationId } = await createOrganizationForUser(database, {
      userId,
      userName: 'Demo',
      email: EMAIL,
      markupBp: config.markupBp,
      termsVersion: 'demo',
      nowMs: now(),
      random: randomBytes,
    });
    const wish = { organizationId, pepper: config.keyPepper, nowMs: now() };
    const demoKey = await ensureDemoKey(database, {
      ...wish,
      kind: 'inference',
      name: 'Demo key',
      token: config.demoKey,
    });
    const managementKey = await ensureDemoKey(database, {
      ...wish,
      kind: 'management',
      name: 'Demo management key',
      token: config.managementKey,
    });
    await requestGrant(database, {
      id: mintId(now(), randomBytes),
      organizationId,
      kind: 'sandbox',
      amountNanousd: GRANT,
      reference: organizationId,
      requestedBy: 'seed',
      expiresAt: null,
    });
    await postGrants(database, { nowMs: now() });
    return { demoKey, managementKey, organizationId, email: EMAIL, password: config.demoPassword };
  } finally {
    await database.$disconnect();
  }
}
