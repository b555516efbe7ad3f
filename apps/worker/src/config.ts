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

export type ReadConfig = { readonly ok: true; readonly config: WorkerConfig } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads and checks the environment. An empty variable counts as unset. Problems name variables and never show values. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
  }
  const { data } = parsed;
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
