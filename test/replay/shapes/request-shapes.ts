import { type ClientRequest, type DialectId, type Lane, type LaneTarget, quirksOf } from '@tollgate/dialects';
import type { LaneRun } from '../lanes/lane-case.js';
import { REQUEST_ID } from '../lanes/lane-target.js';
import type { LaneWitness } from '../lanes/replay-lanes.js';
import { TypedShapes } from './typed-shapes.js';
import { VENDOR_TYPES, type VendorTypeName } from './vendor-types.js';

/** Providers and models that a request is also written for, beside the one it was recorded with: each has words of its own. */
const ELSEWHERE: readonly (readonly [DialectId, provider: string, model: string])[] = [
  ['openai-chat', 'openai', 'gpt-5'],
  ['openai-chat', 'openai', 'gpt-4o'],
  ['openai-chat', 'deepseek', 'deepseek-chat'],
  ['openai-chat', 'alibaba', 'qwen3-max'],
  ['openai-chat', 'groq', 'openai/gpt-oss-120b'],
  ['openai-chat', 'cerebras', 'gpt-oss-120b'],
  ['openai-chat', 'google-openai', 'gemini-2.5-flash'],
  ['openai-chat', 'minimax', 'MiniMax-M2'],
  ['openai-chat', 'vllm', 'Qwen/Qwen3-32B'],
  ['openai-chat', 'xai', 'grok-4'],
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
  ['ollama', 'ollama', 'qwen3'],
  ['ollama', 'ollama', 'gpt-oss:20b'],
];

/** Gathers what every request that was encoded for a provider looks like. */
export class RequestShapes implements LaneWitness {
  readonly shapes = new TypedShapes();

  look(name: string, { sent, asked }: LaneRun): Promise<readonly string[]> {
    if (asked === null) return Promise.resolve([]);
    if (sent !== null) this.#add(name, asked, sent.target, sent.lane);
    for (const row of ELSEWHERE) this.#addElsewhere(name, asked, row);
    return Promise.resolve([]);
  }

  #addElsewhere(name: string, asked: ClientRequest, [dialect, provider, model]: (typeof ELSEWHERE)[number]): void {
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
      requestId: REQUEST_ID,
      created: 1_790_000_000,
    };
    // What cannot be said there is refused, and that is tested elsewhere.
    const laned = asked.lane(target);
    if (laned.ok) this.#add(`${name} to ${provider} (${dialect}, ${model})`, asked, target, laned.value);
  }

  /** To a provider of the same dialect go the caller's own words, whatever they are. */
  #add(name: string, asked: ClientRequest, { dialect, provider = '' }: LaneTarget, lane: Lane): void {
    if (asked.dialect !== dialect && isTyped(dialect))
      this.shapes.add(dialect, JSON.parse(lane.body.toString('utf8')), name, provider);
  }
}

function isTyped(dialect: string): dialect is VendorTypeName {
  return Object.hasOwn(VENDOR_TYPES, dialect);
}
