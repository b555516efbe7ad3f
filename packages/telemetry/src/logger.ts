import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Names under which a secret or a prompt could travel. Whatever is logged under them is replaced, at any of these depths. */
export const REDACTED_NAMES = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'key',
  'token',
  'apiKey',
  'password',
  'secret',
  'pepper',
  'body',
  'prompt',
  'messages',
  'content',
  'databaseUrl',
  'redisUrl',
  'DATABASE_URL',
  'REDIS_URL',
] as const;

/** Anything shaped like one of our keys or a provider's, wherever it stands in a text. */
const SECRET_TEXT = /\b(?:tg_[0-9A-Za-z]{8,}|sk-[0-9A-Za-z_-]{8,}|Bearer\s+\S{8,})/g;
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+]*:\/\/)[^\s/@]+@/gi;

export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, '[redacted]').replace(URL_CREDENTIALS, '$1[redacted]@');
}

export interface LoggerOptions {
  readonly name: string;
  readonly level?: string;
  readonly destination?: DestinationStream;
}

/** One JSON line per event. Secrets and prompts never reach it: by name here, by shape in every string that is logged. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const paths = REDACTED_NAMES.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]);
  const options = {
    name,
    level,
    redact: { paths, censor: '[redacted]' },
    hooks: {
      logMethod(this: Logger, args: unknown[], method: (...args: unknown[]) => void) {
        method.apply(
          this,
          args.map((argument) => (typeof argument === 'string' ? redactText(argument) : argument)),
        );
      },
    },
    serializers: { error: describeError, err: describeError },
  };
  return destination ? pino(options as never, destination) : pino(options as never);
}

/** What a log may say of an error: its kind, its redacted message and where it was thrown. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: redactText(String(error)) };
  const code = 'code' in error ? { code: error.code } : {};
  const message = messageOf(error);
  const stack = error.stack === undefined ? undefined : redactText(error.stack.replace(error.message, () => message));
  return { type: error.name, message, ...code, stack };
}

/** The engine quotes the text that is no JSON, which is a prompt or an answer as often as not: only where it broke is kept. */
function messageOf(error: Error): string {
  if (!(error instanceof SyntaxError)) return redactText(error.message);
  return `not valid JSON${/ at position \d+/.exec(error.message)?.[0] ?? ''}`;
}
