import { compatibleProviders, type Environment, PROVIDERS, type ProviderInfo } from '@tollgate/catalog';
import { z } from 'zod';
import { type ReceiptKeys, readReceiptKeys } from './receipts/receipt-keys.js';

/** The only reader of the environment in this program. */
const environmentSchema = z.object({
  DATABASE_URL: z.string().min(1),
  REDIS_URL: z.string().min(1),
  TOLLGATE_KEY_PEPPER: z.string().min(32, 'must be at least 32 characters of randomness'),
  TOLLGATE_RECEIPT_KEY: z
    .string()
    .min(1, 'is what receipts are signed with: an Ed25519 key, PKCS8 PEM or a base64 seed'),
  TOLLGATE_RECEIPT_OLD_KEYS: z.string().default(''),
  TOLLGATE_MODE: z.enum(['development', 'production']).default('production'),
  TOLLGATE_GATEWAY_HOST: z.string().default('127.0.0.1'),
  TOLLGATE_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  TOLLGATE_ADMIN_PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
  TOLLGATE_SPOOL_DIR: z.string().min(1),
  TOLLGATE_SANDBOX_URL: z.url().optional(),
  TOLLGATE_MAX_BODY_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(32 * 1024 * 1024),
  TOLLGATE_STREAM_STALL_MS: z.coerce.number().int().min(100).default(120_000),
  TOLLGATE_ANSWER_TIMEOUT_MS: z.coerce.number().int().min(100).default(600_000),
  TOLLGATE_DRAIN_AFTER_LEAVE_MS: z.coerce.number().int().min(0).default(30_000),
  TOLLGATE_MARKUP_BP: z.coerce.number().int().min(0).max(100_000).default(550),
  TOLLGATE_LOG_LEVEL: z.string().default('info'),
});

export interface GatewayConfig {
  readonly mode: 'development' | 'production';
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly keyPepper: string;
  /** what receipts are signed with, and the public keys of those signed before */
  readonly receiptKeys: ReceiptKeys;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly spoolDirectory: string;
  /** Stands in for every provider without a credential; absent in production and wherever real money is taken. */
  readonly sandboxUrl: string | null;
  readonly maxBodyBytes: number;
  readonly streamStallMs: number;
  readonly answerTimeoutMs: number;
  readonly drainAfterLeaveMs: number;
  /** what new organisations pay on top of the provider's price; the public price list shows it */
  readonly defaultMarkupBp: number;
  readonly logLevel: string;
  /** addresses and secrets of providers, by the variables that the catalogue's provider table names */
  readonly providerEnvironment: Environment;
}

/** Reads and checks the environment. Throws one readable error that names every bad variable, and no value. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): GatewayConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the gateway's environment is not usable: ${problems.join('; ')}`);
  }
  const env = parsed.data;
  const receiptKeys = readReceiptKeys(env.TOLLGATE_RECEIPT_KEY, env.TOLLGATE_RECEIPT_OLD_KEYS);
  if (!receiptKeys.ok)
    throw new Error(`the gateway's environment is not usable: TOLLGATE_RECEIPT_*: ${receiptKeys.reason}`);
  const isSandboxAllowed = env.TOLLGATE_MODE === 'development' && !environment.STRIPE_SECRET_KEY;
  return {
    mode: env.TOLLGATE_MODE,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    keyPepper: env.TOLLGATE_KEY_PEPPER,
    receiptKeys: receiptKeys.keys,
    host: env.TOLLGATE_GATEWAY_HOST,
    port: env.TOLLGATE_GATEWAY_PORT,
    adminPort: env.TOLLGATE_ADMIN_PORT,
    spoolDirectory: env.TOLLGATE_SPOOL_DIR,
    sandboxUrl: isSandboxAllowed ? (env.TOLLGATE_SANDBOX_URL ?? null) : null,
    maxBodyBytes: env.TOLLGATE_MAX_BODY_BYTES,
    streamStallMs: env.TOLLGATE_STREAM_STALL_MS,
    answerTimeoutMs: env.TOLLGATE_ANSWER_TIMEOUT_MS,
    drainAfterLeaveMs: env.TOLLGATE_DRAIN_AFTER_LEAVE_MS,
    defaultMarkupBp: env.TOLLGATE_MARKUP_BP,
    logLevel: env.TOLLGATE_LOG_LEVEL,
    providerEnvironment: readProviderEnvironment(environment),
  };
}

/** Only what the provider table asks for: no other part of this program sees the rest of the environment. */
function readProviderEnvironment(environment: NodeJS.ProcessEnv): Environment {
  const names = [...PROVIDERS, ...compatibleProviders(environment)].flatMap(variablesOf);
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}

function variablesOf(provider: ProviderInfo): readonly string[] {
  const addresses = [provider.address, ...Object.values(provider.operations).map((operation) => operation.address)];
  const ofAddresses = addresses.flatMap((address) => {
    switch (address?.kind) {
      case 'template':
        return [...address.variables, ...(address.whole ? [address.whole.variable] : [])];
      case 'given':
        return [address.variable];
      default:
        return [];
    }
  });
  return [...ofAddresses, ...provider.credentials.flatMap(({ required, optional }) => [...required, ...optional])];
}
