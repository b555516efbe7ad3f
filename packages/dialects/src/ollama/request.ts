import { attempt } from '../anthropic-messages/refused.js';
import { type Asking, approximate, drop, dropSaid, outputMaxOf, type Wish, withoutNulls } from '../canonical/asking.js';
import { moveAssistantMedia } from '../canonical/assistant-media.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { CUSTOM_PARAMETERS } from '../canonical/custom-tool.js';
import { isObject } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import { isOffered, objectSchema } from '../canonical/offered-tools.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, Tool } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { writeMessages } from './messages.js';
import { ME, takesThinkingLevel } from './wire.js';

/** A request for Ollama's own API; the base URL ends before `/api`. */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  return attempt(() => {
    const losses = new Losses();
    const body = encodeBody({ request, target, losses });
    return { path: '/api/chat', body, headers: {}, losses: losses.list() };
  });
}

/** `stream` is always said: left out it means yes here. */
function encodeBody(asking: Asking): JsonObject {
  const { request, target, losses } = asking;
  const tools = encodeTools(asking);
  dropSaid(asking, UNSAYABLE);
  losses.extras(request.extras, ME, '');
  const own = request.extras?.dialect === ME ? request.extras.fields : {};
  const options = { ...encodeOptions(asking), ...(isObject(own['options']) ? own['options'] : {}) };
  return withoutNulls({
    model: target.model,
    messages: writeMessages(moveAssistantMedia(request, losses), losses),
    tools: tools.length === 0 ? null : tools,
    format: encodeFormat(asking),
    ...own,
    options: Object.keys(options).length === 0 ? null : options,
    think: encodeThink(asking),
    logprobs: request.logprobs === null ? null : true,
    top_logprobs: request.logprobs === null || request.logprobs.top === 0 ? null : request.logprobs.top,
    stream: request.isStream,
  });
}

function encodeOptions(asking: Asking): JsonObject {
  const { request } = asking;
  const { temperature, topP, topK, minP, seed, frequencyPenalty, presencePenalty, repetitionPenalty } =
    request.sampling;
  return withoutNulls({
    num_predict: outputMaxOf(asking),
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    seed,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    repeat_penalty: repetitionPenalty,
    stop: request.stop.length === 0 ? null : request.stop,
  });
}

/** A schema is a format by itself. */
function encodeFormat(asking: Asking): unknown {
  const { format } = asking.request;
  switch (format?.kind) {
    case undefined:
    case 'text':
      return null;
    case 'json_object':
      return 'json';
    case 'json_schema':
      if (format.name !== null || format.description !== null)
        asking.losses.dropped(`${callersWord(asking.request.dialect, 'format')}.name`);
      return format.schema;
  }
}

/** Yes or no; how much is said to the models that take a word for it. */
function encodeThink(asking: Asking): unknown {
  const { reasoning, dialect } = asking.request;
  if (reasoning === null) return null;
  const { isEnabled, effort, budgetTokens, summary, isShown } = reasoning;
  const field = callersWord(dialect, 'reasoning');
  if (summary !== null && summary !== 'none') asking.losses.dropped(`${field}.summary`);
  if (isShown === false) asking.losses.dropped(`${field}.exclude`);
  if (isEnabled === null && effort === null && budgetTokens === null) return null;
  if (isEnabled === false || effort === 'none') return false;
  if (budgetTokens !== null) approximate(asking, 'reasoning');
  if (effort === null) return true;
  const level = effort === 'low' || effort === 'medium' || effort === 'high' ? effort : null;
  if (level !== null && takesThinkingLevel(asking.target.model)) return level;
  approximate(asking, 'reasoning');
  if (!takesThinkingLevel(asking.target.model)) return true;
  return effort === 'minimal' ? 'low' : 'high';
}

// --- tools ------------------------------------------------------------------------------------------------------------------

/** There is no tool choice: `none` leaves the tools out, one named tool is offered alone, and nothing can be demanded. */
function encodeTools(asking: Asking): readonly JsonObject[] {
  const { request } = asking;
  const { toolChoice: choice } = request;
  if (choice?.kind === 'none') {
    if (request.tools.length > 0) approximate(asking, 'toolChoice');
    return [];
  }
  if (choice?.kind === 'required' || choice?.kind === 'opaque') drop(asking, 'toolChoice');
  if (choice?.kind === 'tool' || choice?.kind === 'allowed') approximate(asking, 'toolChoice');
  const list = callersWord(request.dialect, 'tools');
  return request.tools.flatMap((tool, index) =>
    isOffered(tool, choice) ? encodeTool(tool, `${list}[${index}]`, asking) : [],
  );
}

function encodeTool(tool: Tool, at: string, { losses }: Asking): readonly JsonObject[] {
  if (tool.kind === 'server') {
    if (tool.dialect === ME) return [tool.value];
    losses.dropped(at);
    return [];
  }
  losses.extras(tool.extras, ME, at);
  if (tool.kind === 'custom') losses.approximated(at);
  if (tool.kind === 'function' && tool.strict === true) losses.dropped(`${at}.strict`);
  if (tool.cache !== undefined) losses.dropped(`${at}.cache_control`);
  const description = tool.description === null || tool.description === '' ? {} : { description: tool.description };
  const parameters = tool.kind === 'custom' ? CUSTOM_PARAMETERS : objectSchema(tool.parameters);
  return [{ type: 'function', function: { name: tool.name, ...description, parameters } }];
}

/** Parameters Ollama has no word for. */
const UNSAYABLE: readonly Wish[] = [
  'topA',
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
