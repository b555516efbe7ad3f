import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const smtpUrl = z.string().regex(/^smtps?:\/\//, 'an smtp:// or smtps:// URL');

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  /** health, metrics and the queue board; always on the loopback interface */
  TOLLGATE_WORKER_PORT: port.default(4020),
  TOLLGATE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** the real mail server; without it letters go to the sandbox's inbox */
  SMTP_URL: smtpUrl.optional(),
  TOLLGATE_SANDBOX_SMTP_URL: smtpUrl.default('smtp://127.0.0.1:4011'),
  TOLLGATE_MAIL_FROM: z.string().min(3).default('Tollgate <no-reply@tollgate.local>'),
});

/** Everything the worker reads from its environment. */
export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly port: number;
  readonly logLevel: string;
  readonly mail: { readonly smtpUrl: string; readonly isSandbox: boolean; readonly from: string };
}

export type ReadConfig<C> =
  | { readonly ok: true; readonly config: C }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads and checks the environment. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<WorkerConfig> {
  const read = readEnvironment(schema, environment);
  if (!read.ok) return read;
  const { config: data } = read;
  return {
    ok: true,
    config: {
      databaseUrl: data.DATABASE_URL,
      redisUrl: data.REDIS_URL,
      port: data.TOLLGATE_WORKER_PORT,
      logLevel: data.TOLLGATE_LOG_LEVEL,
      mail: {
        smtpUrl: data.SMTP_URL ?? data.TOLLGATE_SANDBOX_SMTP_URL,
        isSandbox: data.SMTP_URL === undefined,
        from: data.TOLLGATE_MAIL_FROM,
      },
    },
  };
}

const rerateSchema = z.object({ DATABASE_URL: z.string().min(1) });

/** Reads and checks the environment of `npm run rerate`, as above. */
export function readRerateConfig(
  environment: NodeJS.ProcessEnv = process.env,
): ReadConfig<{ readonly databaseUrl: string }> {
  const read = readEnvironment(rerateSchema, environment);
  return read.ok ? { ok: true, config: { databaseUrl: read.config.DATABASE_URL } } : read;
}

const toolSchema = z.object({ DATABASE_URL: z.string().min(1), REDIS_URL: z.string().min(1) });

/** Where the installation is that a command line tool looks at. */
export interface ToolConfig {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Reads what the command line tools need, as above. */
export function readToolConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<ToolConfig> {
  const read = readEnvironment(toolSchema, environment);
  if (!read.ok) return read;
  return { ok: true, config: { databaseUrl: read.config.DATABASE_URL, redisUrl: read.config.REDIS_URL } };
}

const seedSchema = z.object({
  DATABASE_URL: z.string().min(1),
  TOLLGATE_KEY_PEPPER: z.string().min(16),
  TOLLGATE_MARKUP_BP: z.coerce.number().int().min(0).max(100_000).default(550),
  /** tokens of an earlier run, so that a new database knows the same keys; minted where absent */
  TOLLGATE_DEMO_KEY: z.string().optional(),
  TOLLGATE_DEMO_MANAGEMENT_KEY: z.string().optional(),
  TOLLGATE_DEMO_PASSWORD: z.string().min(8).default('tollgate-demo'),
});

/** Everything the seed reads from its environment. */
export interface SeedConfig {
  readonly databaseUrl: string;
  readonly keyPepper: string;
  readonly markupBp: number;
  readonly demoKey: string | undefined;
  readonly managementKey: string | undefined;
  readonly demoPassword: string;
}

/** Reads and checks the seed's environment, as above. */
export function readSeedConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<SeedConfig> {
  const read = readEnvironment(seedSchema, environment);
  if (!read.ok) return read;
  const { config } = read;
  return {
    ok: true,
    config: {
      databaseUrl: config.DATABASE_URL,
      keyPepper: config.TOLLGATE_KEY_PEPPER,
      markupBp: config.TOLLGATE_MARKUP_BP,
      demoKey: config.TOLLGATE_DEMO_KEY,
      managementKey: config.TOLLGATE_DEMO_MANAGEMENT_KEY,
      demoPassword: config.TOLLGATE_DEMO_PASSWORD,
    },
  };
}

/** An empty variable counts as unset. Problems name variables and never show values. */
function readEnvironment<S extends z.ZodType>(schema: S, environment: NodeJS.ProcessEnv): ReadConfig<z.output<S>> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
}
