import { readFileSync } from 'node:fs';
import { z } from 'zod';

const port = z.int().min(1).max(65_535);

const runFileSchema = z.object({
  startedAt: z.string(),
  urls: z.object({
    gateway: z.url(),
    dashboard: z.url(),
    sandbox: z.url(),
    worker: z.url(),
    admin: z.url(),
    inbox: z.url(),
  }),
  ports: z.object({ gateway: port, admin: port, dashboard: port, sandbox: port, smtp: port, worker: port }),
  pids: z.record(z.string(), z.int()),
  demoKey: z.string(),
  managementKey: z.string(),
  organizationId: z.string(),
  demo: z.object({ email: z.string(), password: z.string() }),
  databaseUrl: z.string(),
  redisUrl: z.string(),
  logs: z.string(),
});

/** What runs beside the tests: URLs, keys of the demo organisation, services. */
export type RunFile = z.infer<typeof runFileSchema>;

/** Reads the file named by TOLLGATE_RUN_FILE. Throws when no installation runs: a missing service is a failure, not a skip. */
export function readRunFile(): RunFile {
  const file = process.env.TOLLGATE_RUN_FILE;
  if (file === undefined || file === '') {
    throw new Error(
      'TOLLGATE_RUN_FILE is not set: run through `npm test`, or point it at the .local/run.json of `npm start`',
    );
  }
  return runFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
