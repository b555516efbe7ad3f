import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Verdict } from './checker/verdict.js';
import type { FaultOptions } from './fault-options.js';
import type { ClientRecord } from './load/client-record.js';
import type { World } from './world/world.js';

const TABLES = [
  'usage_event',
  'request_log',
  'usage_dead_letter',
  'journal_transaction',
  'ledger_account',
  'ledger_entry',
  'ledger_balance',
  'budget_spend',
  'credit_grant',
  'credit_announcement',
  'organization',
];

/** What somebody needs who was not there: beside spools, the append-only file, truth and logs, which stand in the folder already. */
export async function writeArtefacts(
  world: World,
  told: {
    readonly options: FaultOptions;
    readonly verdicts: readonly Verdict[];
    readonly records: readonly ClientRecord[];
    readonly lines: readonly string[];
  },
): Promise<string> {
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(path.join(world.folder, name), `${lines.join('\n')}\n`);
  write('options.json', [JSON.stringify(told.options)]);
  write('run.txt', told.lines);
  write(
    'verdicts.txt',
    told.verdicts.flatMap(({ promise, violations }) => [
      `${violations.length} ${promise}`,
      ...violations.map((each) => `    ${each}`),
    ]),
  );
  // A key's token stands in its plan; a log that somebody sends around must not carry it.
  const encode = (record: ClientRecord) =>
    JSON.stringify(record, (name, value: unknown) => {
      if (name === 'token' || name === 'prompt' || name === 'keys') return undefined;
      return typeof value === 'bigint' ? value.toString() : value;
    });
  write('clients.ndjson', told.records.map(encode));
  for (const table of TABLES) {
    const rows = await world.postgres.ask(`SELECT row_to_json(t)::text AS row FROM ${table} t`);
    write(
      `${table}.ndjson`,
      rows.map((row) => String(row.row)),
    );
  }
  return world.folder;
}
