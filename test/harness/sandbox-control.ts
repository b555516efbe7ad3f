import { z } from 'zod';
import { eventually } from './eventually.js';

/** Where written bytes are cut: sizes in turn, every byte, or sizes drawn from a seed. */
export type Split = readonly number[] | 'byte' | { readonly seed: number; readonly mostBytes?: number };

/** What a rule makes a provider do. */
export type SandboxAction =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'delay' | 'slow_headers'; readonly ms: number }
  | { readonly kind: 'stall'; readonly afterEvents: number; readonly ms?: number }
  | { readonly kind: 'reset'; readonly afterEvents?: number }
  | { readonly kind: 'cut'; readonly afterEvents: number }
  | { readonly kind: 'omit_usage' }
  | { readonly kind: 'malformed'; readonly afterEvents: number; readonly bytes?: string; readonly bytesBase64?: string }
  | { readonly kind: 'error_event'; readonly afterEvents: number; readonly error: unknown; readonly event?: string }
  | { readonly kind: 'empty'; readonly finish?: string | null }
  | { readonly kind: 'content_type'; readonly value: string; readonly body: string }
  | { readonly kind: 'pace'; readonly ttftMs: number; readonly paceMs: number }
  | { readonly kind: 'fixed'; readonly body?: unknown }
  | { readonly kind: 'split'; readonly sizes: Split }
  | { readonly kind: 'echo' }
  | { readonly kind: 'replay'; readonly case: string; readonly split?: Split };

export interface SandboxRule {
  readonly id?: string;
  /** Every named condition must hold. Tests share one sandbox: match on a model or header of your own. */
  readonly match: {
    readonly provider?: string;
    readonly model?: string;
    readonly header?: { readonly name: string; readonly value: string };
    readonly path?: string;
    /** words in the request's body */
    readonly says?: string;
    readonly byId?: boolean;
  };
  readonly times?: number;
  readonly after?: number;
  readonly action: SandboxAction;
}

const count = z.number().nullable();

const truthEntrySchema = z.looseObject({
  seq: z.number(),
  at: z.string(),
  provider: z.string(),
  model: z.string().nullable(),
  path: z.string(),
  stream: z.boolean(),
  correlation: z.string().nullable(),
  requestSha256: z.string(),
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  reasoningTokens: count,
  tokensWritten: z.number(),
  usageSent: z.boolean(),
  status: z.number(),
  ending: z.string(),
  durationMs: z.number(),
  recordedUsage: z.unknown().optional(),
});

/** What the sandbox knows that it served in one attempt, whatever our books say. */
export type TruthEntry = z.infer<typeof truthEntrySchema>;

const rememberedRequestSchema = z.looseObject({
  provider: z.string(),
  path: z.string(),
  correlation: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  bodyBase64: z.string(),
});

export type RememberedRequest = z.infer<typeof rememberedRequestSchema>;

const replayLoadedSchema = z.looseObject({
  count: z.number(),
  cases: z.array(
    z.looseObject({ case: z.string(), provider: z.string(), api: z.string(), stream: z.boolean(), status: z.number() }),
  ),
});

const mailSchema = z.looseObject({
  id: z.union([z.string(), z.number()]),
  to: z.union([z.string(), z.array(z.string())]),
  from: z.string(),
  subject: z.string(),
  text: z.string().nullish(),
  html: z.string().nullish(),
  links: z.array(z.string()),
});

export type CaughtMail = z.infer<typeof mailSchema>;

export interface SandboxControl {
  /** Adds a rule and returns its id. */
  addRule(rule: SandboxRule): Promise<string>;
  removeRule(id: string): Promise<void>;
  clearRules(): Promise<void>;
  /** Runs `work` with a rule in force, and removes the rule whatever happens. */
  withRule<Value>(rule: SandboxRule, work: (id: string) => Promise<Value>): Promise<Value>;
  truth(filter?: {
    readonly since?: number;
    readonly provider?: string;
    readonly correlation?: string;
  }): Promise<readonly TruthEntry[]>;
  /** The entry of one attempt, which is written when the attempt ends. */
  truthOf(correlation: string): Promise<TruthEntry>;
  /** The exact upstream request of an attempt, secrets replaced by their length; the newest one without an argument. */
  lastRequest(correlation?: string): Promise<RememberedRequest | undefined>;
  settings(change: { readonly ttftMs?: number; readonly paceMs?: number }): Promise<void>;
  /** Rules, truth, mail, replay and settings as after a start. Only for suites that run alone. */
  reset(): Promise<void>;
  loadReplay(folder: string): Promise<z.infer<typeof replayLoadedSchema>>;
  mailTo(address: string): Promise<readonly CaughtMail[]>;
  /** The newest mail to an address, waited for. */
  waitForMail(
    address: string,
    options?: { readonly subject?: RegExp; readonly timeoutMs?: number },
  ): Promise<CaughtMail>;
}

const addressesOf = (mail: CaughtMail): string => [mail.to].flat().join(' ').toLowerCase();

/** A client of the sandbox's control API. */
export function sandboxControl(sandboxUrl: string): SandboxControl {
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const json =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(sandboxUrl + path, { method, signal: AbortSignal.timeout(30_000), ...json });
    const text = await response.text();
    if (response.status === 404 && method === 'GET') return undefined;
    if (!response.ok)
      throw new Error(`the sandbox answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  const addRule = async (rule: SandboxRule): Promise<string> =>
    z.looseObject({ id: z.string() }).parse(await call('POST', '/control/rules', rule)).id;
  const removeRule = async (id: string): Promise<void> => {
    await call('DELETE', `/control/rules/${encodeURIComponent(id)}`);
  };
  const truth: SandboxControl['truth'] = async (filter = {}) => {
    const query = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)]));
    return z.looseObject({ entries: z.array(truthEntrySchema) }).parse(await call('GET', `/control/truth?${query}`))
      .entries;
  };
  const mailTo = async (address: string): Promise<readonly CaughtMail[]> => {
    const answer = await call('GET', `/inbox/api/messages?to=${encodeURIComponent(address)}`);
    const list = Array.isArray(answer)
      ? answer
      : z.looseObject({ messages: z.array(z.unknown()) }).parse(answer).messages;
    return z
      .array(mailSchema)
      .parse(list)
      .filter((mail) => addressesOf(mail).includes(address.toLowerCase()));
  };

  return {
    addRule,
    removeRule,
    clearRules: async () => void (await call('DELETE', '/control/rules')),
    async withRule(rule, work) {
      const id = await addRule(rule);
      try {
        return await work(id);
      } finally {
        await removeRule(id);
      }
    },
    truth,
    truthOf: (correlation) =>
      eventually(async () => (await truth({ correlation })).at(-1), {
        until: `the sandbox has logged attempt ${correlation}`,
      }),
    async lastRequest(correlation) {
      const query = correlation === undefined ? '' : `?correlation=${encodeURIComponent(correlation)}`;
      const answer = await call('GET', `/control/last-request${query}`);
      return answer === undefined || answer === null ? undefined : rememberedRequestSchema.parse(answer);
    },
    settings: async (change) => void (await call('POST', '/control/settings', change)),
    reset: async () => void (await call('POST', '/control/reset', {})),
    loadReplay: async (folder) => replayLoadedSchema.parse(await call('POST', '/control/replay', { dir: folder })),
    mailTo,
    waitForMail: (address, { subject, timeoutMs } = {}) =>
      eventually(
        async () => (await mailTo(address)).find((mail) => subject === undefined || subject.test(mail.subject)),
        {
          until: `mail${subject === undefined ? '' : ` about ${subject}`} has reached ${address}`,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        },
      ),
  };
}
