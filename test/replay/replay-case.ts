import { isDeepStrictEqual } from 'node:util';
import type { CanonicalRequest } from '@tollgate/dialects';
import { request } from 'undici';
import { eventually } from '../harness/eventually.js';
import type { SandboxControl } from '../harness/sandbox-control.js';
import { type ClientDoor, clientDoor } from './client-door.js';
import { independentCharge, readUsage } from './independent-charge.js';
import { readAs } from './lanes/client-view.js';
import { compareAnswers as compareObservedAnswers } from './lanes/compare-answers.js';
import { recordedExchange } from './lanes/recorded-exchange.js';
import { type ReadAnswer, readStream, readWhole } from './openai-answer.js';
import type { Recording } from './recordings.js';

export interface ReplayTarget {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly sandbox: SandboxControl;
  /** cuts the recorded bytes at drawn places, so that no result depends on how a network delivers them */
  readonly splitSeed: number;
}

export type CaseResult =
  | { readonly kind: 'passed'; readonly usageSource: string }
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly requestId: string;
}

/** A case that was sent: judged already, or waiting for what the books will say of it. */
export interface SentCase {
  readonly name: string;
  readonly result: CaseResult | (() => Promise<CaseResult>);
}

/** Sends a recorded request through the gateway while the sandbox plays the recorded answer, and compares everything a client can see. */
export async function sendCase(target: ReplayTarget, recording: Recording): Promise<SentCase> {
  const { name } = recording;
  const door = clientDoor(recording);
  if (door === null)
    return { name, result: { kind: 'skipped', reason: `${recording.api} is no conversation that clients can have` } };
  const action = { kind: 'replay', case: recording.name, split: { seed: target.splitSeed } } as const;
  const sent = await target.sandbox.withRule({ match: {}, action }, () => send(target, door));
  const isRefusal = recording.response.status !== 200;
  const excuse = isRefusal ? undefined : EXCUSES[errorCode(sent.text)];
  if (excuse && !(recording.provider === 'openai' && recording.api === 'openai-chat'))
    return { name, result: { kind: 'skipped', reason: excuse } };
  if (isRefusal) return { name, result: judge(refusalProblems(recording, sent), 'none') };
  const seen = compareSeen(recording, door, sent);
  if (seen.problems.length > 0) return { name, result: judge(seen.problems, '') };
  return {
    name,
    result: async () => {
      const generation = await generationOf(target, sent.requestId);
      return judge(chargeProblems(recording, seen.expected, generation), generation.usageSource);
    },
  };
}

function judge(problems: readonly string[], usageSource: string): CaseResult {
  return problems.length === 0 ? { kind: 'passed', usageSource } : { kind: 'failed', problems };
}

async function send(target: ReplayTarget, door: ClientDoor): Promise<Sent> {
  const response = await request(`${target.gatewayUrl}${door.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${target.key}`, 'content-type': 'application/json' },
    body: door.body,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  const text = await response.body.text();
  return { status: response.statusCode, text, requestId: String(response.headers['x-request-id'] ?? '') };
}

/** Refusals of our own that say nothing about fidelity. None of them excuses an exchange of OpenAI's chat. */
const EXCUSES: Readonly<Record<string, string>> = {
  model_not_found: 'the catalogue does not know this model',
  unpriced_feature: 'it asks for a feature whose price is not known here',
  unsupported_content: 'it names an object at the provider',
  not_supported: 'it names an object at the provider, or runs in the background',
  not_found: 'it continues a conversation that was kept at the provider',
  response_storage_disabled: 'it continues a conversation that was kept at the provider',
};

function errorCode(text: string): string {
  return /"(?:code|reason)":"([a-z_]+)"/.exec(text)?.[1] ?? '';
}

function refusalProblems(recording: Recording, sent: Sent): string[] {
  if (sent.status < 400)
    return [`the provider refused with ${recording.response.status}, the client saw ${sent.status}`];
  JSON.parse(sent.text);
  return /"charged_usd":"0"/.test(sent.text)
    ? []
    : [`a refusal does not say that it was free: ${sent.text.slice(0, 200)}`];
}

/**
 * OpenAI's own chat has to arrive to the last member. Other providers' answers may have been decoded and encoded again (their quirks break ordinary
 * clients, or a thought was put back into the history): then every word, call and token must be there.
 */
function compareSeen(recording: Recording, door: ClientDoor, sent: Sent): { problems: string[]; expected: Expected } {
  if (door.dialect !== 'openai-chat') return compareObserved(recording, door, sent, true);
  const exact = compareAnswers(recording, sent);
  const isTidied = exact.problems.length > 0 && recording.provider !== 'openai';
  return isTidied ? compareObserved(recording, door, sent, false) : exact;
}

/** The other dialects, by the readers of their vendors' documentation: nothing at all may differ. */
function compareObserved(
  recording: Recording,
  door: ClientDoor,
  sent: Sent,
  isSame: boolean,
): { problems: string[]; expected: Expected } {
  const exchange = recordedExchange(recording);
  if (exchange === null) return { problems: ['not a conversation'], expected: { error: null, usage: null } };
  const observed = exchange.observed();
  const expected: Expected = { error: observed.hasError ? true : null, usage: observed.usage };
  if (observed.hasError)
    return { problems: /error/.test(sent.text) ? [] : ['an error of the provider was not told'], expected };
  if (sent.status !== 200) return { problems: [`status ${sent.status}: ${sent.text.slice(0, 300)}`], expected };
  const view = readAs(door.dialect, sent.text, exchange.isStream);
  const request = { reasoning: null } as unknown as CanonicalRequest;
  const comparison = { recorded: observed, seen: view, isSame, client: door.dialect, request, lossFields: [] };
  const compared = compareObservedAnswers(comparison);
  const isUsageSame = observed.usage === null || view.usage === null || isDeepStrictEqual(observed.usage, view.usage);
  return {
    problems: [...compared, ...(isUsageSame ? [] : [`usage: ${brief(observed.usage)} became ${brief(view.usage)}`])],
    expected,
  };
}

/** What the comparison of the books needs to know. */
interface Expected {
  readonly error: unknown;
  readonly usage: unknown;
  readonly hasHiddenUsage?: boolean;
}

function compareAnswers(recording: Recording, sent: Sent): { problems: string[]; expected: ReadAnswer } {
  const { stream, body } = recording.response;
  const expected = stream === undefined ? readWhole(body as Record<string, unknown>) : readStream(stream);
  if (sent.status !== 200) return { problems: [`status ${sent.status}: ${sent.text.slice(0, 300)}`], expected };
  const received = stream === undefined ? readWhole(JSON.parse(sent.text)) : readStream(sent.text);
  const problems: string[] = [];
  if (expected.error)
    return { problems: received.error ? [] : ['the provider reported an error, the client saw none'], expected };
  if (!isDeepStrictEqual([...received.choices], [...expected.choices])) {
    problems.push(`choices differ: expected ${brief([...expected.choices])}, received ${brief([...received.choices])}`);
  }
  problems.push(...usageProblems(recording, expected, received));
  if (!received.isDone) problems.push('the stream does not end with [DONE]');
  return { problems, expected };
}

/** A whole answer shows the provider's usage; a stream shows it once, and only to a client that asked. */
function usageProblems(recording: Recording, expected: ReadAnswer, received: ReadAnswer): string[] {
  const asked = recording.request?.body as { stream_options?: { include_usage?: boolean } };
  const isHidden = recording.response.stream !== undefined && asked.stream_options?.include_usage !== true;
  if (isHidden) return received.usageEvents === 0 ? [] : ['usage was shown to a client that did not ask'];
  if (expected.usage === null) return [];
  if (received.usageEvents !== 1) return [`usage was shown ${received.usageEvents} times`];
  return isDeepStrictEqual(received.usage, expected.usage)
    ? []
    : [`usage differs: ${brief(expected.usage)} became ${brief(received.usage)}`];
}

interface Generation {
  readonly chargeNanousd: bigint;
  readonly markupBp: number;
  readonly usageSource: string;
  readonly recomputedNanousd: bigint;
}

/** What the books say, once the worker has posted it. */
function generationOf(target: ReplayTarget, requestId: string): Promise<Generation> {
  return eventually(
    async () => {
      const response = await request(`${target.gatewayUrl}/v1/receipts/${requestId}`, {
        headers: { authorization: `Bearer ${target.key}` },
      });
      const text = await response.body.text();
      if (response.statusCode !== 200) return undefined;
      const { data } = JSON.parse(text) as { data: ReceiptData };
      return {
        chargeNanousd: BigInt(data.charge_nanousd),
        markupBp: Number(data.markup_bp),
        usageSource: data.usage_source,
        recomputedNanousd: recompute(data),
      };
    },
    { until: `request ${requestId} is in the books`, everyMs: 25 },
  );
}

interface ReceiptData {
  readonly charge_nanousd: string;
  readonly markup_bp: string;
  readonly usage_source: string;
  readonly lines: readonly { quantity: string; unit_price_nanousd_per_million: string }[];
}

function recompute(data: ReceiptData): bigint {
  let raw = 0n;
  for (const line of data.lines) raw += BigInt(line.quantity) * BigInt(line.unit_price_nanousd_per_million);
  return (raw * (10_000n + BigInt(data.markup_bp)) + 9_999_999_999n) / 10_000_000_000n;
}

function chargeProblems(recording: Recording, expected: Expected, booked: Generation): string[] {
  if (expected.error)
    return booked.chargeNanousd === 0n ? [] : [`a failed answer was charged ${booked.chargeNanousd} nano-dollars`];
  if (booked.chargeNanousd !== booked.recomputedNanousd)
    return [`the receipt's lines make ${booked.recomputedNanousd}, the charge is ${booked.chargeNanousd}`];
  const isTold = expected.usage !== null && !saysNothing(expected.usage);
  const source = isTold || expected.hasHiddenUsage === true ? 'reported' : 'counted';
  if (booked.usageSource !== source) return [`the charge should be '${source}', and says '${booked.usageSource}'`];
  if (!isTold) return [];
  if (recording.provider !== 'openai' || recording.api !== 'openai-chat') return [];
  const body = recording.request?.body as { model: string; web_search_options?: unknown };
  const usage = readUsage(expected.usage as Record<string, unknown>, body.web_search_options !== undefined);
  const charge = independentCharge(recording.provider, body.model, usage, booked.markupBp, new Date());
  if (typeof charge === 'string') return [charge];
  return charge === booked.chargeNanousd
    ? []
    : [`charged ${booked.chargeNanousd} nano-dollars; an independent calculation says ${charge}`];
}

/** No input beside an answer: what was read is counted by us, whatever the provider meant (OpenRouter says so of videos). */
function saysNothing(usage: unknown): boolean {
  const told = Object.entries(usage ?? {}).filter(([name]) => INPUTS.test(name));
  return told.length > 0 && told.every(([, count]) => count === 0);
}

/** In the providers' words, and in those of our partition. */
const INPUTS =
  /^(?:prompt_tokens|input(?:_tokens|_audio|_image)?|cache_(?:read|write_5m|write_1h|(?:read|creation)_input_tokens))$/;

function brief(value: unknown): string {
  return JSON.stringify(value).slice(0, 400);
}
