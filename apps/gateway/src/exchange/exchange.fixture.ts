import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Principal } from '@tollgate/access';
import type { Admission, Authorization, Settlement } from '@tollgate/admission';
import { type Nanousd, nanousd, nanousdPerMillion } from '@tollgate/amount';
import {
  buildCatalog,
  type Endpoint,
  type Model,
  type PriceComponent,
  providerInfo,
  UNKNOWN_CAPABILITIES,
  UNKNOWN_DATA_POLICY,
} from '@tollgate/catalog';
import { createLogger } from '@tollgate/telemetry';
import { decodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import { doorDialect } from '../http/door-dialect.js';
import { operationDoor } from '../http/operation-path.js';
import { KeyCache } from '../keys/key-cache.js';
import { findAccess } from '../upstream/provider-access.js';
import type { UpstreamCall, UpstreamHandler, UpstreamRequest } from '../upstream/send.js';
import { Exchange, type ExchangePorts } from './exchange.js';
import { HoldExtensions } from './hold-extension.js';
import { mintRequestId } from './request-id.js';

/** What is left beside every hold. */
export const PLENTY = nanousd(10n ** 15n);
const ORGANIZATION = '00000000-0000-7000-8000-000000000001';

/** What admission says where there is plenty. */
export function grantedWhole(wantNanousd: Nanousd): Authorization {
  return { kind: 'granted', grantedNanousd: wantNanousd, leftNanousd: PLENTY, rateLevels: [], epoch: 'e1' };
}

/** A provider of a test: answers by hand. `paused` and `aborted` say what the relay asked of the connection. */
export interface FakeProvider {
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
  paused: boolean;
  aborted: boolean;
}

export interface ExchangeWorld {
  readonly url: string;
  readonly exchange: Exchange;
  /** what the exchange was made of, for what is asked beside it */
  readonly ports: ExchangePorts;
  readonly principal: Principal;
  readonly providers: FakeProvider[];
  readonly settlements: Settlement[];
  readonly logLines: string[];
  events(): UsageEvent[];
  close(): Promise<void>;
}

/** An exchange behind a real HTTP server, with providers, admission and spool that a test plays. */
export async function exchangeWorld(
  answer: (provider: FakeProvider, index: number) => void,
  change: Partial<ExchangePorts> & {
    endpoints?: readonly string[];
    authorize?: Admission['authorize'];
    /** what differs about who is calling */
    caller?: Partial<Principal>;
    /** besides `test/m` */
    models?: readonly Model[];
  } = {},
): Promise<ExchangeWorld> {
  const { endpoints = ['openai'], authorize, models = [], caller = {}, ...changed } = change;
  const providers: FakeProvider[] = [];
  const settlements: Settlement[] = [];
  const logLines: string[] = [];
  const admission = {
    authorize: authorize ?? (async ({ wantNanousd }) => grantedWhole(wantNanousd)),
    extend: async ({ wantNanousd }) => ({ kind: 'extended', heldNanousd: wantNanousd, leftNanousd: PLENTY }),
    settle: async (settlement: Settlement) => {
      settlements.push(settlement);
      return { kind: 'settled' };
    },
  } as Admission;
  const principal: Principal = {
    keyId: ORGANIZATION,
    keyKind: 'inference',
    keyName: 'test',
    organizationId: ORGANIZATION,
    projectId: ORGANIZATION,
    markupBp: 550,
    markupRules: [],
    authVersion: '1',
    limitNanousd: null,
    expiresAtMs: null,
    createdById: null,
    isKeyLimited: false,
    storesResponses: false,
    keepsReasoning: true,
    limits: [],
    ...caller,
  };
  const extensions = new HoldExtensions((error) => {
    throw error;
  }, 20);
  const ports: ExchangePorts = {
    admission,
    spool: {
      append: () => ({ ok: true, position: { segment: 'test', offset: 0, bytes: 0 } }),
      whenSynced: async () => ({ ok: true }),
      close: async () => undefined,
    },
    shipper: { watch: () => undefined },
    houseMarkup: () => [],
    keys: new KeyCache({ verify: async () => ({ kind: 'verified', principal }), now: Date.now }),
    upstream: { send: (request, handler) => play(providers, answer, request, handler) },
    log: createLogger({ name: 'test', destination: { write: (line: string) => void logLines.push(line) } }),
    gatewayBoot: 'test',
    catalog: () => catalog,
    provider: providerInfo,
    availability: () => ({ ok: true, credential: 'environment' }),
    access: ({ endpoint }) => accessOf(endpoint.provider),
    safetySecret: 'pepper',
    upstreamModel: ({ providerModel }) => providerModel,
    isReasoning: () => false,
    vault: null,
    memory: null,
    answerMemory: null,
    claimSecret: 'pepper',
    streamStallMs: 1_000,
    answerTimeoutMs: 5_000,
    drainAfterLeaveMs: 200,
    clientStallMs: 300,
    extensions,
    drainsAtOnce: 200,
    now: Date.now,
    monotonic: () => performance.now(),
    onEnded: () => undefined,
    ...changed,
  };
  const exchange = new Exchange(ports);
  const catalog = buildCatalog([modelOn(endpoints), ...models]);
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const door = operationDoor(request.url ?? '/');
    const contentType = request.headers['content-type'] ?? '';
    await exchange.run({
      ...(door === null ? {} : { operation: { door, contentType } }),
      requestId: mintRequestId(Date.now()),
      callerRequestId: null,
      principal,
      token: 'tg_test',
      dialect: doorDialect(request.url ?? '/'),
      skin: null,
      door: doorOf(request.url ?? '/'),
      idempotencyKey: request.headers['idempotency-key']?.toString() ?? null,
      isStrict: request.headers['x-tollgate-strict'] === 'true',
      body: Buffer.concat(chunks),
      response,
      startedAtMs: Date.now(),
      startedAt: performance.now(),
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    exchange,
    ports,
    principal,
    providers,
    settlements,
    logLines,
    events: () =>
      settlements.flatMap(({ event }) => {
        const decoded = decodeUsageEvent(event);
        return decoded.ok ? [decoded.event] : [];
      }),
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A provider with a key, as an operator's environment would give it. */
function accessOf(id: string) {
  const provider = providerInfo(id);
  if (!provider) throw new Error(`no provider ${id}`);
  const environment = { [provider.credentialVariable ?? 'NONE']: 'sk-provider-secret-1234' };
  const found = findAccess(provider, 'chat', environment, { token: async () => 'token' });
  if (found.kind === 'missing') throw new Error(found.reason);
  return found.access;
}

function play(
  providers: FakeProvider[],
  answer: (provider: FakeProvider, index: number) => void,
  request: UpstreamRequest,
  handler: UpstreamHandler,
): UpstreamCall {
  const provider: FakeProvider = { request, handler, paused: false, aborted: false };
  const index = providers.push(provider) - 1;
  setImmediate(() => answer(provider, index));
  return {
    pause: () => {
      provider.paused = true;
    },
    resume: () => {
      provider.paused = false;
    },
    abort: () => {
      provider.aborted = true;
    },
  };
}

/** A model that is no conversation, at OpenAI. Prices are nano-dollars a million. */
export function modelFor(
  operation: Model['operation'],
  dialect: string,
  prices: Readonly<Partial<Record<PriceComponent, bigint>>>,
): Model {
  const [endpoint] = modelOn(['openai']).endpoints;
  if (endpoint === undefined) throw new Error('a model without endpoints');
  const id = `test/${operation}`;
  const schedule = {
    prices: Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, nanousdPerMillion(price)])),
    tiers: [],
    windows: [],
  };
  const version = { id: '1', effectiveFromMs: 0, source: 'import' as const, schedule };
  const endpoints = [{ ...endpoint, id: `openai:${operation}`, modelId: id, operation, dialect, prices: [version] }];
  return { ...modelOn(['openai']), id, slug: operation, name: operation, operation, endpoints };
}

/** `test/m`, a chat model, at these providers. */
export function modelOn(providers: readonly string[]): Model {
  const endpoints = providers.map(
    (provider): Endpoint => ({
      id: `${provider}:m`,
      modelId: 'test/m',
      provider,
      providerModel: 'm',
      operation: 'chat',
      dialect: providerInfo(provider)?.dialect ?? 'openai-chat',
      region: null,
      contextTokens: null,
      maxOutputTokens: null,
      isEnabled: true,
      prices: [
        {
          id: '1',
          effectiveFromMs: 0,
          source: 'import',
          schedule: {
            prices: { input: nanousdPerMillion(1_000_000_000n), output: nanousdPerMillion(2_000_000_000n) },
            tiers: [],
            windows: [],
          },
        },
      ],
      dataPolicy: UNKNOWN_DATA_POLICY,
    }),
  );
  return {
    id: 'test/m',
    author: 'test',
    slug: 'm',
    name: 'm',
    operation: 'chat',
    description: null,
    contextTokens: null,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases: [],
    endpoints,
    createdAtMs: 0,
  };
}

export const STREAM = { 'content-type': 'text/event-stream' };
export const JSON_BODY = { 'content-type': 'application/json' };

export function chunk(delta: Record<string, unknown>, finish: string | null = null): Buffer {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return Buffer.from(
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`,
  );
}

export function wholeReply(
  usage: Record<string, unknown> = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
): Buffer {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }];
  return Buffer.from(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices, usage }));
}

/** Gemini's doors say the model and the verb in the path. */
function doorOf(url: string) {
  const verb = /^\/v1beta\/models\/(.+):(\w+)/.exec(url);
  return verb === null
    ? { model: null, isStream: null }
    : { model: decodeURIComponent(verb[1] ?? ''), isStream: verb[2] === 'streamGenerateContent' };
}

/** One request at a door of any dialect; the answer as text. */
export async function askAt(
  world: ExchangeWorld,
  path: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<{ status: number; header: (name: string) => string | null; text: string }> {
  const sent = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(8_000) };
  const response = await fetch(world.url + path, sent);
  return { status: response.status, header: (name) => response.headers.get(name), text: await response.text() };
}

/** One request; the answer as text. */
export async function ask(
  world: ExchangeWorld,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<{ status: number; header: (name: string) => string | null; text: string }> {
  const body = JSON.stringify({ model: 'test/m', messages: [{ role: 'user', content: 'Hi' }], ...more });
  const response = await fetch(world.url, { method: 'POST', body, signal: signal ?? AbortSignal.timeout(8_000) });
  return { status: response.status, header: (name) => response.headers.get(name), text: await response.text() };
}
