import { attempt } from '../anthropic-messages/refused.js';
import { dropSaid, outputMaxOf, withoutNulls } from '../canonical/asking.js';
import { moveAssistantMedia } from '../canonical/assistant-media.js';
import type { Decoded, DoorFacts, EncodedRequest, Target } from '../canonical/codec.js';
import { isObject, objects, otherMembers, text } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { Extras, JsonObject, Part } from '../canonical/part.js';
import { decodeRecorded } from '../canonical/recorded-request.js';
import { type CanonicalRequest, type Message, NO_SAMPLING } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { originalCallId } from '../canonical/tool-call-id.js';
import { ToolNames } from '../canonical/tool-names.js';
import { AS_THEY_ARE, type Reading, readBlocks } from './block-reader.js';
import { beginsWithReasoning, cachePoint, type Writing } from './block-writer.js';
import { type Conversation, type WireTurn, writeConversation } from './conversation.js';
import { DocumentNames } from './document-names.js';
import { type ModelTraits, traitsOf } from './model-traits.js';
import {
  type ConverseAsking,
  decodeFormat,
  decodeInference,
  encodeFormat,
  encodeInference,
  encodeMetadata,
  encodeTier,
  UNSAYABLE,
} from './parameters.js';
import { decodeThinking, encodeThinking, type Thinking } from './thinking.js';
import { decodeChoice, decodeTools, encodeTools, forcesTool } from './tools.js';
import { conversePath, legalToolName, ME } from './wire.js';

/** A request for Converse. Refuses content its wire has no place for (URLs, files of another vendor); parameters it cannot say are losses. */
export function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  return attempt(() => {
    const losses = new Losses();
    const traits = traitsOf(target.model);
    const body = encodeBody({ request, target, traits, losses });
    return { path: conversePath(target.model, request.isStream), body, headers: {}, losses: losses.list() };
  });
}

function encodeBody(asking: ConverseAsking): JsonObject {
  const { request, losses, traits } = asking;
  const names = new ToolNames(request.tools, legalToolName);
  const writing: Writing = { traits, names, documents: new DocumentNames(), losses };
  const toolConfig = encodeTools(request, writing);
  const { system, messages } = marked(
    writeConversation(moveAssistantMedia(request, losses), toolConfig !== null, writing),
    asking,
  );
  const { outputConfig, instruction } = encodeFormat(asking);
  const instructed = instruction === null ? system : [...system, { text: instruction }];
  const thinking = encodeThinking(request.reasoning, thinkingFacts(asking, messages, toolConfig));
  const inference = encodeInference(asking, thinking.isClaudeThinking);
  const own = ownFields(request.extras, losses);
  const config = { ...inference.config, ...objectOf(own['inferenceConfig']) };
  const fields = additionalFields(own, thinking, inference.fields);
  dropSaid(asking, UNSAYABLE);
  return {
    ...withoutNulls({
      messages,
      system: instructed.length === 0 ? null : instructed,
      inferenceConfig: Object.keys(config).length === 0 ? null : config,
      toolConfig,
      additionalModelRequestFields: fields,
      additionalModelResponseFieldPaths: responsePaths(request, traits),
      requestMetadata: encodeMetadata(asking),
      outputConfig,
      serviceTier: encodeTier(asking),
    }),
    ...otherMembers(own, new Set(['inferenceConfig', 'additionalModelRequestFields'])),
  };
}

function thinkingFacts(
  { request, target, traits, losses }: ConverseAsking,
  messages: readonly WireTurn[],
  toolConfig: JsonObject | null,
) {
  return {
    model: target.model,
    traits,
    maxTokens: outputMaxOf({ request, target }),
    forcesTool: forcesTool(toolConfig),
    hasBrokenLoop: hasBrokenLoop(messages),
    field: callersWord(request.dialect, 'reasoning'),
    losses,
  };
}

/** Results wait to be read, and the turn that asked for them does not begin with thinking (the caller could not carry it). */
function hasBrokenLoop(messages: readonly WireTurn[]): boolean {
  const last = messages.at(-1);
  if (last?.content.some((block) => block['toolResult'] !== undefined) !== true) return false;
  const asked = messages.findLast(({ role }) => role === 'assistant');
  return !beginsWithReasoning(asked?.content[0]);
}

/** A mark for the whole prompt stands behind its last block. */
function marked(conversation: Conversation, { request, traits, losses }: ConverseAsking): Conversation {
  const { cache } = request;
  const last = conversation.messages.at(-1);
  if (cache === null || last === undefined) return conversation;
  const field = callersWord(request.dialect, 'cache');
  if (!traits.hasCachePoints) {
    losses.dropped(field);
    return conversation;
  }
  losses.moved(field);
  const content = [...last.content, cachePoint(cache, field, traits, losses)];
  return {
    system: conversation.system,
    messages: [...conversation.messages.slice(0, -1), { role: last.role, content }],
  };
}

/** Members of this dialect that the canonical form has no name for; another dialect's are losses. */
function ownFields(extras: Extras | null, losses: Losses): JsonObject {
  losses.extras(extras, ME, '');
  return extras?.dialect === ME ? extras.fields : {};
}

function additionalFields(own: JsonObject, thinking: Thinking, sampling: JsonObject): JsonObject | null {
  const fields = { ...sampling, ...thinking.fields, ...objectOf(own['additionalModelRequestFields']) };
  return Object.keys(fields).length === 0 ? null : fields;
}

/** Claude says which stop sequence it met, when asked; a path that is not in the answer is ignored. Whole answers and streams have it in two places. */
function responsePaths({ stop }: CanonicalRequest, { tellsStopSequence }: ModelTraits): readonly string[] | null {
  return stop.length > 0 && tellsStopSequence ? ['/stop_sequence', '/delta/stop_sequence'] : null;
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

// --- reading (recorded requests) ------------------------------------------------------------------------------------------

const MEMBERS = new Set([
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'outputConfig',
  'requestMetadata',
  'serviceTier',
]);

const IN_HISTORY: Reading = { ...AS_THEY_ARE, idOf: originalCallId };

/** Reads a request in this dialect, for the replay of recorded ones. The model stands in its path. */
export function decodeRequest(body: Buffer, door: DoorFacts): Decoded<CanonicalRequest> {
  return decodeRecorded(body, (json) => readRequest(json, door));
}

function readRequest(body: JsonObject, door: DoorFacts): CanonicalRequest {
  const inference = decodeInference(body['inferenceConfig']);
  const additional = objectOf(body['additionalModelRequestFields']);
  const traits = traitsOf(door.model ?? '');
  const thinking = decodeThinking(additional, traits);
  const tier = body['serviceTier'];
  return {
    dialect: ME,
    model: door.model ?? '',
    isStream: door.isStream ?? false,
    messages: readMessages(body),
    tools: decodeTools(body['toolConfig']),
    toolChoice: decodeChoice(body['toolConfig']),
    parallelToolCalls: null,
    format: decodeFormat(body['outputConfig']),
    ...withTopK(inference.sampling, additional, traits),
    maxOutputTokens: inference.maxOutputTokens,
    stop: inference.stop,
    choices: 1,
    logprobs: null,
    reasoning: thinking.options,
    verbosity: null,
    modalities: [],
    audioOutput: null,
    user: null,
    metadata: readMetadata(body['requestMetadata']),
    serviceTier: isObject(tier) ? text(tier['type']) : null,
    promptCacheKey: null,
    cache: null,
    includeUsage: true,
    extras: readExtras(body, additional, [...thinking.read, ...topKRead(additional, traits)], inference.rest),
  };
}

function topKRead(additional: JsonObject, { topK }: ModelTraits): readonly string[] {
  const [first] = topK ?? [];
  return first !== undefined &&
    Object.keys(objectOf(additional[first])).length <= 1 &&
    topKIn(additional, topK) !== null
    ? [first]
    : [];
}

function topKIn(additional: JsonObject, path: ModelTraits['topK']): number | null {
  let value: unknown = additional;
  for (const name of path ?? []) value = isObject(value) ? value[name] : null;
  return typeof value === 'number' ? value : null;
}

function withTopK(
  sampling: typeof NO_SAMPLING,
  additional: JsonObject,
  traits: ModelTraits,
): Pick<CanonicalRequest, 'sampling'> {
  return {
    sampling: { ...sampling, topK: topKRead(additional, traits).length === 0 ? null : topKIn(additional, traits.topK) },
  };
}

function readMessages(body: JsonObject): readonly Message[] {
  const system = readBlocks(body['system'], IN_HISTORY);
  const messages = objects(body['messages']).map(
    ({ role, content }): Message => ({
      role: role === 'assistant' ? 'assistant' : 'user',
      parts: readBlocks(content, IN_HISTORY),
    }),
  );
  const names = new Map<string, string>();
  const named = messages.map((message) => withToolNames(message, names));
  return system.length === 0 ? named : [{ role: 'system', parts: system }, ...named];
}

/** A result's tool has its name in the call. */
function withToolNames(message: Message, names: Map<string, string>): Message {
  const parts = message.parts.map((part): Part => {
    if (part.kind === 'tool_call') names.set(part.id, part.name);
    return part.kind === 'tool_result' ? { ...part, name: names.get(part.callId) ?? null } : part;
  });
  return { ...message, parts };
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function readExtras(
  body: JsonObject,
  additional: JsonObject,
  read: readonly string[],
  inference: JsonObject | null,
): Extras | null {
  const rest = otherMembers(additional, new Set(read));
  const fields = {
    ...otherMembers(body, new Set([...MEMBERS, 'additionalModelRequestFields'])),
    ...(rest === null ? {} : { additionalModelRequestFields: rest }),
    ...(inference === null ? {} : { inferenceConfig: inference }),
  };
  return Object.keys(fields).length === 0 ? null : { dialect: ME, fields };
}
