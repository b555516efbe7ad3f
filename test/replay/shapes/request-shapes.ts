import { type ClientRequest, type DialectId, type Lane, type LaneTarget, quirksOf } from '@tollgate/dialects';
import type { LaneRun } from '../lanes/lane-case.js';
import type { LaneWitness } from '../lanes/replay-lanes.js';
import { isExtension } from './extensions.js';
import { shapeOf, withoutExtensions } from './request-shape.js';
import { VENDOR_TYPES } from './vendor-types.js';

export interface RequestShape {
  readonly dialect: TypedDialect;
  readonly shape: unknown;
  /** the first case that had it */
  readonly seenIn: string;
}

export type TypedDialect = keyof typeof VENDOR_TYPES;

/** Providers and models that a request is also written for, beside the one it was recorded with: each has words of its own. */
const ELSEWHERE: readonly (readonly [DialectId, provider: string, model: string])[] = [
  ['openai-chat', 'openai', 'gpt-5'],
  ['openai-chat', 'openai', 'gpt-4o'],
  ['openai-chat', 'deepseek', 'deepseek-chat'],
  ['openai-chat', 'alibaba', 'qwen3-max'],
  ['openai-chat', 'groq', 'openai/gpt-oss-120b'],
  ['openai-chat', 'openrouter', 'anthropic/claude-opus-4.6'],
  ['openai-responses', 'openai', 'gpt-5'],
  ['openai-responses', 'openai', 'gpt-4o'],
  ['anthropic-messages', 'anthropic', 'claude-opus-4-6'],
  ['anthropic-messages', 'anthropic', 'claude-3-5-haiku-latest'],
  ['gemini', 'google', 'gemini-2.5-flash'],
  ['gemini', 'google', 'gemini-3-pro-preview'],
  ['bedrock-converse', 'bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['bedrock-converse', 'bedrock', 'amazon.nova-pro-v1:0'],
  ['bedrock-invoke', 'bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['mistral-chat', 'mistral', 'mistral-large-latest'],
  ['mistral-chat', 'mistral', 'magistral-medium-latest'],
  ['cohere', 'cohere', 'command-a-03-2025'],
];

/** Each request goes to every fourth of them: with four clients, every recorded request goes to all. */
const STEP = 4;

/** Gathers what every request that was encoded looks like, each look once. */
export class RequestShapes implements LaneWitness {
  readonly #shapes = new Map<string, RequestShape>();
  #requests = 0;

  /** how many requests had them */
  get requests(): number {
    return this.#requests;
  }

  get shapes(): readonly RequestShape[] {
    return [...this.#shapes.values()];
  }

  look(name: string, { sent, asked }: LaneRun, seed: number): Promise<readonly string[]> {
    if (sent !== null) this.#add(name, sent.target, sent.lane);
    if (asked === null) return Promise.resolve([]);
    const offset = seed + asked.dialect.length;
    for (let at = offset % STEP; at < ELSEWHERE.length; at += STEP) this.#addElsewhere(name, asked, at);
    return Promise.resolve([]);
  }

  #addElsewhere(name: string, asked: ClientRequest, at: number): void {
    const row = ELSEWHERE[at];
    if (row === undefined) return;
    const [dialect, provider, model] = row;
    const target: LaneTarget = {
      dialect,
      provider,
      model,
      host: 'direct',
      publicModel: 'test/model',
      providerName: 'Provider',
      quirks: quirksOf(provider),
      outputMax: null,
      safetyIdentifier: 'org_hash',
      requestId: '019a0000-0000-7000-8000-00000000cafe',
      created: 1_790_000_000,
    };
    // What cannot be said there is refused, and that is tested elsewhere.
    const laned = asked.lane(target);
    if (laned.ok) this.#add(`${name} to ${provider} (${dialect}, ${model})`, target, laned.value);
  }

  /** Bytes that were passed are the caller's own words. */
  #add(name: string, { dialect, provider = '' }: LaneTarget, lane: Lane): void {
    if (lane.kind === 'passed' || !isTyped(dialect)) return;
    const { rules } = VENDOR_TYPES[dialect];
    const body: unknown = JSON.parse(lane.body.toString('utf8'));
    const known = withoutExtensions(body, (path) => isExtension(dialect, provider, path));
    const shape = shapeOf(known, rules);
    this.#requests += 1;
    const key = `${dialect} ${JSON.stringify(shape)}`;
    if (!this.#shapes.has(key)) this.#shapes.set(key, { dialect, shape, seenIn: name });
  }
}

function isTyped(dialect: string): dialect is TypedDialect {
  return Object.hasOwn(VENDOR_TYPES, dialect);
}
