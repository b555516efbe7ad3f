import { setTimeout as sleep } from 'node:timers/promises';
import { connectAdmissionRedis } from '@tollgate/admission';
import { openDatabase } from '@tollgate/prisma';
import { readToolConfig } from '../config.js';
import { type Audited, auditInstallation, violationsOf } from './audit-installation.js';

const read = readToolConfig();
if (read.ok) await run(read.config.databaseUrl, read.config.redisUrl).catch(fail);
else fail(new Error(read.problems.join('; ')));

async function run(databaseUrl: string, redisUrl: string): Promise<void> {
  const database = openDatabase({ url: databaseUrl, applicationName: 'tollgate-audit', maxConnections: 2 });
  const redis = connectAdmissionRedis(redisUrl);
  try {
    await redis.ping().catch(() => new Promise((resolve) => redis.once('ready', resolve)));
    const services = {
      database,
      redis,
      now: Date.now,
      sleep: async (ms: number) => void (await sleep(ms)),
      onProgress,
    };
    const audited = await auditInstallation(services, (one) => process.stdout.write(`${line(one)}\n`));
    const violations = violationsOf(audited);
    const checked = audited.filter(({ kind }) => kind === 'checked').length;
    process.stdout.write(`\n${checked} invariants checked, ${violations} violations\n`);
    process.exitCode = violations === 0n ? 0 : 1;
  } finally {
    redis.disconnect();
    await database.$disconnect();
  }
}

function line(audited: Audited): string {
  const count = audited.kind === 'checked' ? String(audited.violations) : 'n/a';
  const reason = audited.kind === 'checked' ? '' : ` (${audited.reason})`;
  return `${count.padStart(6)}  ${audited.says}${reason}`;
}

function onProgress(name: string, done: number, total: number): void {
  process.stderr.write(`        ${name}: ${done} of ${total}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`the audit could not be made: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
