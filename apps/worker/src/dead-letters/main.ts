import { connectAdmissionRedis, createAdmission } from '@tollgate/admission';
import { organizationSnapshot } from '@tollgate/billing';
import { type Database, openDatabase } from '@tollgate/prisma';
import { openDeadLetters } from '@tollgate/usage';
import { readToolConfig } from '../config.js';
import { retryDeadLetter } from './retry-dead-letter.js';

const USAGE = 'dead-letters list | dead-letters retry <id>\n';
const [command, id] = process.argv.slice(2);
const read = readToolConfig();
if (!read.ok) end(2, `${read.problems.join('\n')}\n`);
else await run(read.config.databaseUrl, read.config.redisUrl).catch((error: unknown) => end(2, `${String(error)}\n`));

async function run(databaseUrl: string, redisUrl: string): Promise<void> {
  const database = openDatabase({ url: databaseUrl, applicationName: 'tollgate-dead-letters', maxConnections: 2 });
  try {
    if (command === 'list') await list(database);
    else if (command === 'retry' && id !== undefined) await retry(database, redisUrl, id);
    else end(2, USAGE);
  } finally {
    await database.$disconnect();
  }
}

async function list(database: Database): Promise<void> {
  const letters = await openDeadLetters(database);
  for (const { id: number, requestId, createdAt, reason } of letters)
    process.stdout.write(`${number}  ${createdAt.toISOString()}  ${requestId ?? '(no id)'}  ${reason}\n`);
  end(0, `${letters.length} open\n`);
}

async function retry(database: Database, redisUrl: string, letterId: string): Promise<void> {
  const redis = connectAdmissionRedis(redisUrl);
  const loadOrganization = (organizationId: string) => organizationSnapshot(database, organizationId, Date.now());
  const admission = createAdmission({ redis, loadOrganization, gatewayBoot: `tool:${process.pid}`, now: Date.now });
  try {
    for (let tries = 0; tries < 100 && admission.epoch() === null; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const outcome = await retryDeadLetter({ database, admission }, letterId);
    const isDone = ['posted', 'already_posted', 'resolved_before'].includes(outcome.kind);
    end(isDone ? 0 : 1, `${JSON.stringify(outcome)}\n`);
  } finally {
    await admission.close();
    redis.disconnect();
  }
}

function end(code: number, text: string): void {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exitCode = code;
}
