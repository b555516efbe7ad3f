import { attempt } from '../anthropic-messages/refused.js';
import { type Asking, approximate, drop, dropSaid, outputMaxOf, type Wish, withoutNulls } from '../canonical/asking.js';
import { moveAssistantMedia } from '../canonical/assistant-media.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { CUSTOM_PARAMETERS } from '../canonical/custom-tool.js';
import { Losses } from '../canonical/loss.js';
import { isOffered, objectSchema } from '../canonical/offered-tools.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.js';
import { callersWord, type RequestMember } from '../canonical/request-words.js';
import { writeMessages } from './messages.js';
import { canThink, ME, PENALTY_MAX, STOP_SEQUENCES_MAX, TOP_K_MAX, TOP_P } from './wire.js';

/** A request for Cohere's v2 chat; the base URL ends in `/v2`. Refuses audio, video and files that are not text. */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  return attempt(() => {
    const losses = new Losses();
    const body = encodeBody({ request, target, losses });
    return { path: '/chat', body, headers: {}, losses: losses.list() };
  });
}

function encodeBody(asking: Asking): JsonObject {
  const { request, target, losses } = asking;
  const { messages, documents } = writeMessages(moveAssistantMedia(request, losses), { model: target.model, losses });
  const { tools, choice } = encodeTools(asking);
  const { format, instruction } = encodeFormat(asking, tools.length > 0 || documents.length > 0);
  dropSaid(asking, UNSAYABLE);
  losses.extras(request.extras, ME, '');
  return withoutNulls({
    stream: request.isStream ? true : null,
    model: target.model,
    messages: instruction === null ? messages : [{ role: 'system', content: instruction }, ...messages],
    tools: tools.length === 0 ? null : tools,
    strict_tools: strictTools(asking),
    documents: documents.length === 0 ? null : documents,
    response_format: format,
    max_tokens: outputMaxOf(asking),
    stop_sequences: encodeStop(asking),
    ...encodeSampling(asking),
    logprobs: encodeLogprobs(asking),
    tool_choice: choice,
    thinking: encodeThinking(asking),
    ...(request.extras?.dialect === ME ? request.extras.fields : {}),
  });
}

function encodeStop(asking: Asking): readonly string[] | null {
  const { stop } = asking.request;
  if (stop.length > STOP_SEQUENCES_MAX) drop(asking, 'stop');
  return stop.length === 0 ? null : stop.slice(0, STOP_SEQUENCES_MAX);
}

function encodeSampling(asking: Asking): JsonObject {
  const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = asking.request.sampling;
  return {
    temperature,
    seed,
    frequency_penalty: within(asking, 'frequencyPenalty', frequencyPenalty, 0, PENALTY_MAX),
    presence_penalty: within(asking, 'presencePenalty', presencePenalty, 0, PENALTY_MAX),
    k: within(asking, 'topK', topK, 0, TOP_K_MAX),
    p: within(asking, 'topP', topP, TOP_P.min, TOP_P.max),
  };
}

/** The nearest number Cohere takes. */
function within(asking: Asking, member: RequestMember, value: number | null, min: number, max: number): number | null {
  if (value === null) return null;
  const fitted = Math.min(Math.max(value, min), max);
  if (fitted !== value) approximate(asking, member);
  return fitted;
}

/** The chosen tokens' only. */
function encodeLogprobs(asking: Asking): true | null {
  const { logprobs } = asking.request;
  if (logprobs === null) return null;
  if (logprobs.top > 0) approximate(asking, 'logprobs');
  return true;
}

/** On or off, and how many tokens; an effort has no number here. */
function encodeThinking(asking: Asking): JsonObject | null {
  const { reasoning } = asking.request;
  if (reasoning === null) return null;
  const { isEnabled, effort, budgetTokens, summary, isShown } = reasoning;
  const field = callersWord(asking.request.dialect, 'reasoning');
  if (summary !== null && summary !== 'none') asking.losses.dropped(`${field}.summary`);
  if (isShown === false) asking.losses.dropped(`${field}.exclude`);
  if (isEnabled === null && effort === null && budgetTokens === null) return null;
  const isOff = isEnabled === false || effort === 'none';
  if (!canThink(asking.target.model)) return isOff ? null : drop(asking, 'reasoning');
  if (isOff) return { type: 'disabled' };
  if (effort !== null) approximate(asking, 'reasoning');
  return { type: 'enabled', ...(budgetTokens === null ? {} : { token_budget: budgetTokens }) };
}

/** Not beside tools or documents, which Cohere refuses: the model is told in words then. */
function encodeFormat(
  asking: Asking,
  isRefused: boolean,
): { readonly format: JsonObject | null; readonly instruction: string | null } {
  const { format } = asking.request;
  if (format === null || format.kind === 'text') return { format: null, instruction: null };
  const schema = format.kind === 'json_schema' ? format.schema : null;
  if (isRefused) {
    approximate(asking, 'format');
    const words = 'Answer with one JSON object and nothing else';
    return {
      format: null,
      instruction: schema === null ? `${words}.` : `${words}. It matches this JSON schema:\n${JSON.stringify(schema)}`,
    };
  }
  if (format.kind === 'json_schema' && (format.name !== null || format.description !== null))
    asking.losses.dropped(`${callersWord(asking.request.dialect, 'format')}.name`);
  return {
    format: { type: 'json_object', ...(schema === null ? {} : { json_schema: schema }) },
    instruction: null,
  };
}

// --- tools ------------------------------------------------------------------------------------------------------------------

/** Cohere cannot name one tool: it is offered alone then, and demanded. */
function encodeTools(asking: Asking): { readonly tools: readonly JsonObject[]; readonly choice: string | null } {
  const { request } = asking;
  const { toolChoice } = request;
  const tools = request.tools.flatMap((tool, index) =>
    isOffered(tool, toolChoice) ? encodeTool(tool, `${callersWord(request.dialect, 'tools')}[${index}]`, asking) : [],
  );
  if (toolChoice === null || toolChoice.kind === 'auto') return { tools, choice: null };
  if (tools.length === 0) return { tools, choice: toolChoice.kind === 'none' ? null : drop(asking, 'toolChoice') };
  return { tools, choice: encodeChoice(toolChoice, asking) };
}

function encodeChoice(choice: ToolChoice, asking: Asking): string | null {
  switch (choice.kind) {
    case 'auto':
      return null;
    case 'none':
      return 'NONE';
    case 'required':
      return 'REQUIRED';
    case 'tool':
      approximate(asking, 'toolChoice');
      return 'REQUIRED';
    case 'allowed':
      approximate(asking, 'toolChoice');
      return choice.mode === 'required' ? 'REQUIRED' : null;
    case 'opaque':
      return drop(asking, 'toolChoice');
  }
}

function encodeTool(tool: Tool, at: string, { losses }: Asking): readonly JsonObject[] {
  if (tool.kind === 'server') {
    if (tool.dialect === ME) return [tool.value];
    losses.dropped(at);
    return [];
  }
  losses.extras(tool.extras, ME, at);
  if (tool.kind === 'custom') losses.approximated(at);
  if (tool.cache !== undefined) losses.dropped(`${at}.cache_control`);
  const description =
    tool.description === null || tool.description.trim() === '' ? {} : { description: tool.description };
  const parameters = tool.kind === 'custom' ? CUSTOM_PARAMETERS : objectSchema(tool.parameters);
  return [
    {
      type: 'function',
      function: { name: tool.name, ...description, parameters },
      ...(tool.extras?.dialect === ME ? tool.extras.fields : {}),
    },
  ];
}

/** All tools or none. */
function strictTools({ request, losses }: Asking): true | null {
  const functions = request.tools.filter((tool) => tool.kind === 'function');
  if (!functions.some(({ strict }) => strict === true)) return null;
  if (functions.every(({ strict }) => strict === true)) return true;
  losses.dropped(`${callersWord(request.dialect, 'tools')}.strict`);
  return null;
}

/** Parameters Cohere has no word for. */
const UNSAYABLE: readonly Wish[] = [
  'minP',
  'topA',
  'repetitionPenalty',
  'logitBias',
  'choices',
  'verbosity',
  'modalities',
  'audioOutput',
  'user',
  'metadata',
  'serviceTier',
  'promptCacheKey',
  'cache',
  'parallelToolCalls',
];
