import type { Target } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalRequest, Message, Tool } from '../canonical/request.js';
import { PLAIN_REQUEST, targetOf } from './plain-request.fixture.js';
import { provider } from './provider.js';

/** Small words for requests in tests: what a caller of chat completions says, and what it becomes. */
export function encode(
  more: Partial<CanonicalRequest>,
  target: Target = targetOf('gemini-2.5-flash'),
  codec = provider,
): { readonly body: JsonObject; readonly path: string; readonly losses: readonly Loss[] } {
  const encoded = codec.encodeRequest({ ...PLAIN_REQUEST, dialect: 'openai-chat', ...more }, target);
  if (!encoded.ok) throw new Error(encoded.failure.message);
  return encoded.value;
}

export const GEMINI_3 = targetOf('gemini-3-flash-preview');
export const user = (...parts: Part[]): Message => ({ role: 'user', parts });
export const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
export const text = (words: string): Part => ({ kind: 'text', text: words });
export const call = (id: string, name = id, more: JsonObject = {}): Part => ({
  kind: 'tool_call',
  id,
  name,
  arguments: '{"a":1}',
  variant: 'function',
  ...more,
});
export const result = (callId: string, words = 'ok'): Part => ({
  kind: 'tool_result',
  callId,
  name: null,
  content: [{ kind: 'text', text: words }],
  isError: null,
  variant: 'function',
});
export const seal: Seal = { dialect: 'gemini', form: 'signature', value: 'c2ln' };
export const foreign: Seal = { dialect: 'anthropic-messages', form: 'signature', value: 'abc' };
export const thought = (of: Seal | null, words = ''): Part => ({
  kind: 'reasoning',
  text: words,
  summary: [],
  seal: of,
  id: null,
});
export const contentsOf = ({ body }: { readonly body: JsonObject }): readonly JsonObject[] =>
  body['contents'] as readonly JsonObject[];
export const configOf = ({ body }: { readonly body: JsonObject }): JsonObject =>
  (body['generationConfig'] ?? {}) as JsonObject;
export const functions: Tool = {
  kind: 'function',
  name: 'f',
  description: 'd',
  parameters: { type: 'object', properties: {} },
  strict: null,
};
