import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const environment = z.object({
  TOLLGATE_SANDBOX_PORT: port.default(4010),
  TOLLGATE_SANDBOX_SMTP_PORT: port.default(4011),
  TOLLGATE_SANDBOX_TRUTH_FILE: z.string().optional(),
});

/** What the sandbox is told from outside. */
export interface SandboxConfig {
  /** 0 takes any free port. */
  readonly port: number;
  readonly smtpPort: number;
  /** Where the truth log is appended to; null keeps it in memory only. */
  readonly truthFilePath: string | null;
}

/** Reads the configuration from environment variables; throws with the name of a wrong one. */
export function readConfig(variables: NodeJS.ProcessEnv): SandboxConfig {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return {
    port: parsed.data.TOLLGATE_SANDBOX_PORT,
    smtpPort: parsed.data.TOLLGATE_SANDBOX_SMTP_PORT,
    truthFilePath: parsed.data.TOLLGATE_SANDBOX_TRUTH_FILE || null,
  };
}

/** The environment this process was started with. */
export function configOfProcess(): SandboxConfig {
  return readConfig(process.env);
}
