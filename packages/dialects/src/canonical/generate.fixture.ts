import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import type {
  Citation,
  DialectId,
  DocumentPart,
  ImagePart,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  Seal,
  TextPart,
  ToolCallPart,
  ToolResultContent,
  ToolResultPart,
} from './part.js';
import type { CanonicalReply, ReplyChoice, TokenLogprob } from './reply.js';
import type {
  CanonicalRequest,
  Message,
  OutputFormat,
  ReasoningOptions,
  Sampling,
  Tool,
  ToolChoice,
} from './request.js';

/**
 * Conversations and answers made of random bytes, for the laws of every dialect. The bytes come from fast-check, which then shrinks them: fewer
 * and smaller bytes are a simpler request, no bytes at all the simplest one.
 *
 *     fc.assert(fc.property(fc.uint8Array(ENTROPY), (bytes) => { const request = generateRequest(bytes, { dialect: 'gemini', without: ['video'] }); … }));
 *
 * Everything is in the canonical form's normal order: system text first, tool results before other parts of a user message, one result for each
 * call, an assistant's reasoning before its text and its calls last, no empty texts. What a dialect cannot say is left out by `without`.
 */
export const ENTROPY = { minLength: 0, maxLength: 900, size: 'max' } as const;

/** What can be left out. A member of `Sampling` or of the request is left out by its own name. */
export type Generated =
  | Exclude<Part['kind'], 'text' | 'opaque' | 'server_tool'>
  | 'citation'
  | 'cache'
  | 'seal_on_text'
  | 'seal_on_call'
  | 'summary'
  | 'redacted'
  | 'reasoning_id'
  | 'custom_tool'
  | 'broken_arguments'
  | 'parallel_calls'
  | 'tool_error'
  | 'rich_tool_result'
  | 'assistant_image'
  | 'system'
  | 'system_in_between'
  | 'developer'
  | 'name'
  | 'url_source'
  | 'text_source'
  | 'json_object'
  | 'allowed_tools'
  | 'several_choices'
  | 'document_context'
  | 'strict_tool'
  | 'toolless_parameters'
  | keyof Sampling
  | keyof ReasoningOptions
  | 'parallelToolCalls'
  | 'format'
  | 'maxOutputTokens'
  | 'stop'
  | 'stopSequence'
  | 'choices'
  | 'logprobs'
  | 'verbosity'
  | 'user'
  | 'metadata'
  | 'serviceTier'
  | 'promptCacheKey'
  | 'requestCache';

export interface GenerateOptions {
  readonly dialect: DialectId;
  readonly without?: readonly Generated[];
  /** whose seals occur; default: anthropic-messages, openai-responses and gemini */
  readonly seals?: readonly DialectId[];
}

/** Choices out of bytes: past their end everything is the first, the shortest, the absent. */
class Draw {
  readonly #bytes: Uint8Array;
  readonly #without: ReadonlySet<Generated>;
  #at = 0;
  #named = 0;

  constructor(bytes: Uint8Array, without: readonly Generated[]) {
    this.#bytes = bytes;
    this.#without = new Set(without);
  }

  below(count: number): number {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte % count;
  }

  /** One in `rarity`, never past the end of the bytes. */
  chance(rarity: number): boolean {
    return this.below(rarity) === rarity - 1 && rarity > 1;
  }

  /** As `chance`, and only where the kind is not left out. */
  has(kind: Generated, rarity = 3): boolean {
    return this.chance(rarity) && !this.#without.has(kind);
  }

  allows(kind: Generated): boolean {
    return !this.#without.has(kind);
  }

  one<const Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.below(values.length)] ?? values[0];
  }

  list<Value>(max: number, make: () => Value): Value[] {
    return Array.from({ length: this.below(max + 1) }, make);
  }

  /** A name nothing else in this conversation has. */
  unique(prefix: string): string {
    this.#named += 1;
    return `${prefix}${this.#named}`;
  }

  text(): string {
    const words = [this.one(WORDS), ...this.list(3, () => this.one(WORDS))];
    return words.join('');
  }

  /** In quarters, so that it has one decimal form. */
  fraction(max: number): number {
    return this.below(max * 4 + 1) / 4;
  }
}

const WORDS = [
  'a',
  'Hello, world. ',
  'Grüße – naïve café ',
  '日本語のテキスト',
  '👩‍👩‍👧 emoji 🦊',
  'line\nline\r\nline\ttab ',
  'quote " and \\ backslash ',
  'data: [DONE]\n\n',
  '{"json": [1, 2, {"x": null}]}',
  '<think>not a tag</think>',
  '\u0000\u0001\u2028\u2029',
  'event: error\n',
  '{{template}} %s $x ',
] as const;
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export function generateRequest(bytes: Uint8Array, options: GenerateOptions): CanonicalRequest {
  const draw = new Draw(bytes, options.without ?? []);
  const tools = generateTools(draw);
  const messages = generateMessages(draw, options);
  return {
    dialect: options.dialect,
    model: draw.one(['maker/model', 'gpt-5-mini', 'claude-sonnet-4-5']),
    isStream: draw.chance(2),
    messages,
    tools,
    toolChoice: tools.length === 0 ? null : generateToolChoice(draw, tools),
    parallelToolCalls: tools.length > 0 && draw.has('parallelToolCalls') ? draw.chance(2) : null,
    format: draw.has('format') ? generateFormat(draw) : null,
    sampling: generateSampling(draw),
    maxOutputTokens: draw.has('maxOutputTokens', 2) ? 1 + draw.below(255) * 16 : null,
    stop: draw.has('stop') ? ['\n\n', ...draw.list(2, () => draw.unique('stop'))] : [],
    choices: draw.has('choices', 5) ? 2 + draw.below(3) : 1,
    logprobs: draw.has('logprobs', 5) ? { top: draw.below(6) } : null,
    reasoning: draw.chance(3) ? generateReasoningOptions(draw) : null,
    verbosity: draw.has('verbosity', 5) ? draw.one(['low', 'medium', 'high']) : null,
    modalities: [],
    audioOutput: null,
    user: draw.has('user', 4) ? draw.unique('user-') : null,
    metadata: draw.has('metadata', 4) ? { trace: draw.unique('t-'), 'two words': 'välue' } : {},
    serviceTier: draw.has('serviceTier', 5) ? draw.one(['auto', 'default', 'flex', 'priority']) : null,
    promptCacheKey: draw.has('promptCacheKey', 5) ? draw.unique('cache-') : null,
    cache: draw.has('requestCache', 6) ? { ttl: draw.one([null, '5m', '1h']) } : null,
    includeUsage: true,
    extras: null,
  };
}

export function generateReply(bytes: Uint8Array, options: GenerateOptions): CanonicalReply {
  const draw = new Draw(bytes, options.without ?? []);
  const choices = draw.has('several_choices', 5) ? 2 : 1;
  return {
    choices: Array.from({ length: choices }, (_, index) => generateChoice(draw, options, index)),
    usage: draw.chance(4) ? null : generateUsage(draw),
    serviceTier: null,
  };
}

function generateChoice(draw: Draw, options: GenerateOptions, index: number): ReplyChoice {
  const parts = assistantParts(draw, options);
  const hasCalls = parts.some(({ kind }) => kind === 'tool_call');
  const finish: Finish = hasCalls ? { kind: 'tool_calls' } : draw.one([{ kind: 'stop' }, { kind: 'length' }]);
  return {
    index,
    parts,
    finish,
    finishRaw: finish.kind,
    stopSequence: finish.kind === 'stop' && draw.has('stopSequence', 5) ? '\n\n' : null,
    logprobs: draw.has('logprobs', 5) ? draw.list(3, () => generateLogprob(draw)) : null,
  };
}

function generateLogprob(draw: Draw): TokenLogprob {
  const one = (): Omit<TokenLogprob, 'top'> => {
    const token = draw.one(WORDS);
    return { token, logprob: 0 - draw.fraction(9), bytes: draw.chance(2) ? [...Buffer.from(token)] : null };
  };
  return { ...one(), top: draw.list(2, one) };
}

function generateUsage(draw: Draw): Usage {
  const some = (name: string): Record<string, number> => (draw.chance(3) ? { [name]: 1 + draw.below(200) } : {});
  return {
    input: draw.below(200),
    output: draw.below(200),
    ...some('cache_read'),
    ...some('cache_write_5m'),
    ...some('reasoning'),
  };
}

function generateMessages(draw: Draw, options: GenerateOptions): Message[] {
  const messages: Message[] = [];
  if (draw.has('system', 2)) messages.push({ role: 'system', parts: textParts(draw, 2) });
  if (draw.has('developer', 6)) messages.push({ role: 'developer', parts: textParts(draw, 1) });
  let pending: ToolCallPart[] = [];
  const turns = 1 + draw.below(4);
  for (let turn = 0; turn < turns; turn += 1) {
    const results = pending.map((call) => toolResult(draw, call));
    const others = results.length > 0 && draw.chance(2) ? [] : userParts(draw);
    messages.push({ role: 'user', parts: [...results, ...others], ...(results.length === 0 ? named(draw) : {}) });
    if (turn === turns - 1) break;
    if (draw.has('system_in_between', 9)) messages.push({ role: 'system', parts: textParts(draw, 1) });
    const parts = assistantParts(draw, options);
    pending = parts.filter((part) => part.kind === 'tool_call');
    messages.push({ role: 'assistant', parts });
  }
  return messages;
}

function named(draw: Draw): { name?: string } {
  return draw.has('name', 9) ? { name: draw.unique('person_') } : {};
}

function textParts(draw: Draw, max: number): TextPart[] {
  return [plainText(draw), ...draw.list(max - 1, () => plainText(draw))];
}

function plainText(draw: Draw): TextPart {
  return { kind: 'text', text: draw.text(), ...cached(draw) };
}

function cached(draw: Draw): { cache?: { ttl: '5m' | '1h' | null } } {
  return draw.has('cache', 8) ? { cache: { ttl: draw.one([null, '5m', '1h']) } } : {};
}

function userParts(draw: Draw): Part[] {
  const media = draw.list(2, () => generateMedia(draw)).filter((part) => part !== null);
  return [...media, plainText(draw)];
}

function generateMedia(draw: Draw): Part | null {
  const kind = draw.one(['image', 'document', 'audio', 'video']);
  if (!draw.allows(kind)) return null;
  switch (kind) {
    case 'image':
      return generateImage(draw);
    case 'document':
      return generateDocument(draw);
    case 'audio':
      return {
        kind: 'audio',
        source: { kind: 'base64', mediaType: draw.one(['audio/wav', 'audio/mpeg']), data: 'UklGRg==' },
      };
    case 'video':
      return { kind: 'video', source: { kind: 'base64', mediaType: 'video/mp4', data: 'AAAAIGZ0eXA=' } };
  }
}

function generateImage(draw: Draw): ImagePart {
  const source: MediaSource = draw.has('url_source')
    ? { kind: 'url', url: `https://example.com/${draw.unique('image')}.png`, mediaType: null }
    : { kind: 'base64', mediaType: 'image/png', data: PNG };
  return { kind: 'image', source, ...cached(draw) };
}

function generateDocument(draw: Draw): DocumentPart {
  const source: MediaSource = draw.has('text_source')
    ? { kind: 'text', text: draw.text(), mediaType: 'text/plain' }
    : { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' };
  const context = draw.has('document_context', 5) ? draw.text() : null;
  return { kind: 'document', source, name: `${draw.unique('document')}.pdf`, context, isCitable: null };
}

function toolResult(draw: Draw, call: ToolCallPart): ToolResultPart {
  const content: ToolResultContent[] = [{ kind: 'text', text: draw.text() }];
  if (draw.has('rich_tool_result', 5)) content.push(generateImage(draw));
  return {
    kind: 'tool_result',
    callId: call.id,
    name: call.name,
    content,
    isError: draw.has('tool_error', 6) ? true : null,
    variant: call.variant,
    ...cached(draw),
  };
}

/** Reasoning, text, calls; at least one of them. */
function assistantParts(draw: Draw, options: GenerateOptions): Part[] {
  const parts: Part[] = draw.has('reasoning') ? [generateReasoning(draw, options)] : [];
  if (draw.has('tool_call')) {
    if (draw.chance(2)) parts.push(answerText(draw, options));
    const more = draw.allows('parallel_calls') ? draw.list(2, () => toolCall(draw, options)) : [];
    return [...parts, toolCall(draw, options), ...more];
  }
  if (draw.has('refusal', 9)) return [...parts, { kind: 'refusal', text: draw.text() }];
  if (draw.has('assistant_image', 9))
    parts.push({ kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } });
  return [...parts, answerText(draw, options)];
}

function answerText(draw: Draw, options: GenerateOptions): TextPart {
  const text = draw.text();
  const sealed = draw.has('seal_on_text', 5) && (options.seals ?? SEALS).includes('gemini');
  return {
    kind: 'text',
    text,
    ...(draw.has('citation', 5) ? { citations: [generateCitation(draw, options, text.length)] } : {}),
    ...(sealed ? { seal: sealOf(draw, 'gemini', 'signature') } : {}),
  };
}

function generateCitation(draw: Draw, { dialect }: GenerateOptions, length: number): Citation {
  const url = `https://example.com/${draw.unique('source')}`;
  return { url, title: draw.text(), quote: null, start: 0, end: length, raw: { dialect, value: {} } };
}

function toolCall(draw: Draw, options: GenerateOptions): ToolCallPart {
  const isCustom = draw.has('custom_tool', 8);
  const sealed = draw.has('seal_on_call', 4) && (options.seals ?? SEALS).includes('gemini');
  return {
    kind: 'tool_call',
    id: draw.unique(draw.one(['call_', 'toolu_', 'fc-'])),
    name: draw.one(['get_weather', 'search', 'run']),
    arguments: isCustom ? draw.text() : callArguments(draw),
    variant: isCustom ? 'custom' : 'function',
    ...(sealed ? { seal: sealOf(draw, 'gemini', 'signature') } : {}),
  };
}

function callArguments(draw: Draw): string {
  if (draw.has('broken_arguments', 9)) return '{"city": "Par';
  return JSON.stringify(
    draw.one<JsonObject>([{}, { city: draw.text() }, { n: draw.fraction(50), deep: { list: [1, null, true] } }]),
  );
}

const SEALS: readonly [DialectId, ...DialectId[]] = ['anthropic-messages', 'openai-responses', 'gemini'];

function generateReasoning(draw: Draw, options: GenerateOptions): ReasoningPart {
  const dialect = draw.one((options.seals ?? SEALS) as readonly [DialectId, ...DialectId[]]) as DialectId | undefined;
  const blank = { kind: 'reasoning', text: '', summary: [], id: null } as const;
  const text = draw.text();
  if (dialect === undefined || draw.chance(3)) return { ...blank, text, seal: null };
  if (dialect === 'openai-responses') {
    const summary = draw.allows('summary') ? draw.list(2, () => draw.text()) : [];
    const id = draw.allows('reasoning_id') ? draw.unique('rs_') : null;
    return { ...blank, summary, id, seal: sealOf(draw, dialect, 'encrypted') };
  }
  const isClaude = dialect !== 'gemini';
  if (isClaude && draw.has('redacted', 4)) return { ...blank, seal: sealOf(draw, dialect, 'redacted') };
  return { ...blank, text, seal: sealOf(draw, dialect, 'signature') };
}

/** Valid base64, as all vendors' seals are. */
function sealOf(draw: Draw, dialect: DialectId, form: Seal['form']): Seal {
  return { dialect, form, value: Buffer.from(draw.unique(`${form} of ${dialect} `)).toString('base64') };
}

function generateTools(draw: Draw): Tool[] {
  const tools = draw.list(2, (): Tool => {
    const name = draw.unique('tool_');
    const description = draw.chance(3) ? null : draw.text();
    if (draw.has('custom_tool', 8)) return { kind: 'custom', name, description, format: null };
    const parameters = draw.has('toolless_parameters', 6) ? null : generateSchema(draw);
    const strict = draw.has('strict_tool', 4) ? true : null;
    return { kind: 'function', name, description, parameters, strict, ...cached(draw) };
  });
  return tools;
}

function generateSchema(draw: Draw): JsonObject {
  return {
    type: 'object',
    properties: { city: { type: 'string', description: draw.text() }, n: { type: 'integer' } },
    required: draw.chance(2) ? ['city'] : ['city', 'n'],
    additionalProperties: false,
  };
}

function generateToolChoice(draw: Draw, tools: readonly Tool[]): ToolChoice | null {
  const choice = draw.below(6);
  const named = tools.filter((tool) => tool.kind !== 'server');
  const [first] = named;
  if (choice === 1) return { kind: 'auto' };
  if (choice === 2) return { kind: 'none' };
  if (choice === 3) return { kind: 'required' };
  if (first === undefined) return null;
  if (choice === 4) return { kind: 'tool', name: first.name, variant: first.kind };
  if (choice === 5 && draw.allows('allowed_tools') && named.every(({ kind }) => kind === 'function'))
    return { kind: 'allowed', mode: draw.one(['auto', 'required']), names: named.map(({ name }) => name) };
  return null;
}

function generateFormat(draw: Draw): OutputFormat | null {
  if (draw.has('json_object', 3)) return { kind: 'json_object' };
  const schema = generateSchema(draw);
  return { kind: 'json_schema', name: 'place', description: null, schema, strict: draw.one([null, true]) };
}

function generateSampling(draw: Draw): Sampling {
  const maybe = (name: keyof Sampling, max: number): number | null => (draw.has(name, 5) ? draw.fraction(max) : null);
  return {
    temperature: maybe('temperature', 1),
    topP: maybe('topP', 1),
    topK: draw.has('topK', 5) ? 1 + draw.below(100) : null,
    minP: maybe('minP', 1),
    topA: maybe('topA', 1),
    seed: draw.has('seed', 5) ? draw.below(250) : null,
    frequencyPenalty: maybe('frequencyPenalty', 2),
    presencePenalty: maybe('presencePenalty', 2),
    repetitionPenalty: maybe('repetitionPenalty', 2),
    logitBias: draw.has('logitBias', 8) ? { '50256': -100, '13': draw.below(100) } : null,
  };
}

function generateReasoningOptions(draw: Draw): ReasoningOptions | null {
  const effort = draw.has('effort', 2) ? draw.one(['low', 'minimal', 'medium', 'high'] as const) : null;
  const options: ReasoningOptions = {
    isEnabled: null,
    effort,
    budgetTokens: effort === null && draw.has('budgetTokens', 2) ? 1024 + draw.below(200) : null,
    summary: draw.has('summary', 3) ? draw.one(['auto', 'concise', 'detailed']) : null,
    isShown: draw.has('isShown', 4) ? false : null,
  };
  return Object.values(options).every((value) => value === null) ? null : options;
}
