import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openDatabase } from '@tollgate/prisma';
import { readRerateConfig } from '../config.js';
import { rerate } from './rerate.js';

const USAGE = 'usage: npm run rerate -- --correction <file.json> [--post]\n';
const options = { correction: { type: 'string' }, post: { type: 'boolean', default: false } } as const;

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  const read = readRerateConfig();
  if (given === null || !read.ok) {
    process.stderr.write(read.ok ? USAGE : `rerate cannot run:\n  ${read.problems.join('\n  ')}\n`);
    return 2;
  }
  const database = openDatabase({
    url: read.config.databaseUrl,
    applicationName: 'tollgate-rerate',
    maxConnections: 2,
  });
  try {
    const text = readFileSync(given.file, 'utf8');
    const say = (line: string) => void process.stdout.write(`${line}\n`);
    return await rerate(database, { text, isPosting: given.isPosting, say, now: Date.now });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await database.$disconnect();
  }
}

function readArguments(args: readonly string[]): { readonly file: string; readonly isPosting: boolean } | null {
  try {
    const { values } = parseArgs({ args: [...args], options });
    return values.correction === undefined ? null : { file: values.correction, isPosting: values.post };
  } catch {
    return null;
  }
}
