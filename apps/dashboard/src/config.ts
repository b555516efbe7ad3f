import 'server-only';
import { type Nanousd, nanousd, parseUsd } from '@tollgate/amount';
import { z } from 'zod';

/** Known while building, unlike everything else here: React's development build needs eval. */
export const isDevelopmentBuild = process.env.NODE_ENV === 'development';

const url = z.url().transform((text) => text.replace(/\/+$/, ''));
const amount = z.string().transform((text, context): Nanousd => {
  const parsed = parseUsd(text);
  if (parsed.ok && parsed.value >= 0n) return parsed.value;
  context.addIssue({ code: 'custom', message: 'not an amount of dollars' });
  return nanousd(0n);
});
const flag = z.enum(['on', 'off']).transform((text) => text === 'on');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  TOLLGATE_KEY_PEPPER: z.string().min(16),
  TOLLGATE_DASHBOARD_URL: url.default('http://127.0.0.1:3000'),
  TOLLGATE_GATEWAY_URL: url.default('http://127.0.0.1:4000'),
  TOLLGATE_SANDBOX_URL: url.default('http://127.0.0.1:4010'),
  TOLLGATE_SANDBOX_SMTP_URL: z.string().default('smtp://127.0.0.1:4011'),
  TOLLGATE_TRIAL_CREDIT_USD: amount.default(nanousd(1_000_000_000n)),
  TOLLGATE_TRIAL_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  TOLLGATE_MARKUP_BP: z.coerce.number().int().min(0).max(100_000).default(550),
  TOLLGATE_AUTH_RATE_LIMIT: flag.default(true),
  TOLLGATE_TRUSTED_PROXIES: list.default([]),
  TOLLGATE_MAIL_FROM: z.string().default('Tollgate <no-reply@tollgate.local>'),
  BETTER_AUTH_SECRET: z.string().min(32),
  BETTER_AUTH_URL: url.optional(),
  SMTP_URL: z.string().min(1).optional(),
});

export interface Config {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly keyPepper: string;
  readonly dashboardUrl: string;
  readonly gatewayUrl: string;
  readonly sandboxUrl: string;
  /** where mail goes when no queue takes it: the real server, else the sandbox's inbox */
  readonly smtpUrl: string;
  readonly mailFrom: string;
  /** true: mail ends in the sandbox's inbox page, and the page that says "check your mail" links to it */
  readonly isMailSandboxed: boolean;
  /** true: no provider key is set, so answers come from the sandbox */
  readonly isProviderSandboxed: boolean;
  readonly trialCreditNanousd: Nanousd;
  readonly trialDays: number;
  readonly markupBp: number;
  readonly isAuthRateLimited: boolean;
  readonly trustedProxies: readonly string[];
  readonly authSecret: string;
  readonly isHttps: boolean;
}

/** Reads and checks the environment. Throws with every missing name; never prints a value. */
export function decodeConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => `${issue.path.join('.')} (${issue.message})`);
    throw new Error(`the dashboard's environment is incomplete: ${names.join(', ')}`);
  }
  const env = parsed.data;
  const dashboardUrl = env.BETTER_AUTH_URL ?? env.TOLLGATE_DASHBOARD_URL;
  return {
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    keyPepper: env.TOLLGATE_KEY_PEPPER,
    dashboardUrl,
    gatewayUrl: env.TOLLGATE_GATEWAY_URL,
    sandboxUrl: env.TOLLGATE_SANDBOX_URL,
    smtpUrl: env.SMTP_URL ?? env.TOLLGATE_SANDBOX_SMTP_URL,
    mailFrom: env.TOLLGATE_MAIL_FROM,
    isMailSandboxed: env.SMTP_URL === undefined,
    isProviderSandboxed: !Object.keys(given).some((name) => name.endsWith('_API_KEY')),
    trialCreditNanousd: env.TOLLGATE_TRIAL_CREDIT_USD,
    trialDays: env.TOLLGATE_TRIAL_DAYS,
    markupBp: env.TOLLGATE_MARKUP_BP,
    isAuthRateLimited: env.TOLLGATE_AUTH_RATE_LIMIT,
    trustedProxies: env.TOLLGATE_TRUSTED_PROXIES,
    authSecret: env.BETTER_AUTH_SECRET,
    isHttps: dashboardUrl.startsWith('https:'),
  };
}

let current: Config | undefined;

/** Lazily, because a build imports every route and has no environment. */
export function config(): Config {
  current ??= decodeConfig(process.env);
  return current;
}
