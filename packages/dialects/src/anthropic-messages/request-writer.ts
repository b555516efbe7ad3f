import { dropSaid } from '../canonical/asking.js';
import type { Decoded, EncodedRequest, Target } from '../canonical/codec.js';
import { isObject, objects } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { callersMessage, callersWord } from '../canonical/request-words.js';
import { ToolNames } from '../canonical/tool-names.js';
import { betasOf, forwardedBetas } from './betas.js';
import { isOnePlainText, partBlocks, type Writing } from './block-writer.js';
import { encodeCache } from './cache-control.js';
import { fitMarks } from './cache-marks.js';
import { type ClaudeTraits, traitsOf } from './claude-traits.js';
import { type PlacedPart, type Turn, writeConversation } from './conversation.js';
import { refuseReference } from './media.js';
import { encodeFormat } from './output-format.js';
import { attempt, refuse } from './refused.js';
import { encodeSampling, encodeStop, UNSAYABLE } from './sampling.js';
import { encodeThinking, isForcedChoice } from './thinking.js';
import { encodeToolChoice, encodeTools } from './tools.js';
import { API_VERSION, type ClaudeHost, HOST_VERSIONS, legalToolName, ME, saidMembers } from './wire.js';

/**
 * `max_tokens` is mandatory here and optional elsewhere, where leaving it out means "as much as the model can". 8,192 is what every model still
 * served can do; whoever prices a request usually knows more and says it in `target.outputMax`.
 */
const OUTPUT_MAX_DEFAULT = 8_192;

/** Writes any canonical request for Claude. Refuses what would lose the caller's content; what cannot be said is named in `losses`. */
export function encodeRequest(request: CanonicalRequest, target: Target, host: ClaudeHost): Decoded<EncodedRequest> {
  return attempt(() => writeRequest(request, target, host));
}

function writeRequest(request: CanonicalRequest, target: Target, host: ClaudeHost): EncodedRequest {
  const losses = new Losses();
  const traits = traitsOf(target.model);
  const writing: Writing = { losses, names: new ToolNames(request.tools, legalToolName) };
  const toolWriting = { request, losses, host, names: writing.names, hasJsonSchema: traits.hasJsonSchema };
  const tools = encodeTools(toolWriting);
  const choice = encodeToolChoice(tools, toolWriting);
  const { format, instruction } = encodeFormat(request, traits.hasJsonSchema, losses);
  const { system, turns } = splitSystem(request, traits, writing);
  const messages = writeConversation(turns, tools.length > 0, writing);
  if (messages.length === 0) refuse('invalid_request', 'messages', 'messages: nothing is said in them.');
  const outputMax = outputMaxOf(request, target);
  const facts = { request, traits, outputMax, isForced: isForcedChoice(choice), isMidway: isMidway(messages) };
  const { thinking, effort, isOn } = encodeThinking(facts, losses);
  if (request.verbosity !== null && request.reasoning !== null)
    losses.dropped(callersWord(request.dialect, 'verbosity'));
  if (request.verbosity !== null && request.reasoning === null && effort === null)
    losses.dropped(callersWord(request.dialect, 'verbosity'));
  dropSaid({ request, losses }, UNSAYABLE);
  const instructed = instruction === null ? system : [...system, { type: 'text', text: instruction }];
  const body = finishBody(
    saidMembers({
      model: host === 'direct' ? target.model : null,
      max_tokens: outputMax,
      system: systemOf(instructed),
      messages,
      tools: tools.length === 0 ? null : tools,
      tool_choice: choice,
      thinking,
      output_config: effort === null && format === null ? null : saidMembers({ effort, format }),
      ...encodeSampling(request, traits, isOn, losses),
      stop_sequences: encodeStop(request, losses),
      metadata: encodeUser(request, target),
      service_tier: encodeTier(request, host, losses),
      cache_control: request.cache === null ? null : encodeCache(request.cache),
      stream: request.isStream && host !== 'bedrock' ? true : null,
    }),
    { request, target, host, losses },
  );
  return addressed(body, request, target, host, losses);
}

function systemOf(blocks: readonly JsonObject[]): unknown {
  if (blocks.length === 0) return null;
  return isOnePlainText(blocks) ? blocks[0]?.['text'] : blocks;
}

function outputMaxOf({ maxOutputTokens, reasoning }: CanonicalRequest, { outputMax }: Target): number {
  const budget = reasoning?.budgetTokens ?? 0;
  const asked = maxOutputTokens ?? outputMax ?? OUTPUT_MAX_DEFAULT + budget;
  return outputMax === null ? asked : Math.min(asked, outputMax);
}

// --- system text and turns ------------------------------------------------------------------------------------------------

interface Split {
  readonly system: readonly JsonObject[];
  readonly turns: readonly Turn[];
}

/** A turn that further messages may join. */
interface OpenTurn {
  readonly role: Turn['role'];
  readonly parts: PlacedPart[];
  fields: JsonObject;
}

/**
 * Leading system text goes into `system`. What comes later stays in its place for models that take it there, else it joins the leading one:
 * its authority matters more than its place. Where nothing but system text is said, it is said by the user.
 */
function splitSystem(request: CanonicalRequest, traits: ClaudeTraits, writing: Writing): Split {
  const system: JsonObject[] = [];
  const turns: OpenTurn[] = [];
  for (const [index, message] of request.messages.entries()) {
    const at = callersMessage(request, index);
    const parts = placedParts(message, at);
    if (message.role === 'user' || message.role === 'assistant') {
      addTurn(turns, message.role, namedParts(message, parts, at, writing), fieldsOf(message, at, writing));
      continue;
    }
    if (message.role === 'developer') writing.losses.approximated(`${at}.role`);
    const last = turns.at(-1);
    if (last !== undefined && traits.hasSystemInBetween && (request.dialect === ME || last.role === 'user')) {
      turns.push({ role: 'system', parts: [...parts], fields: fieldsOf(message, at, writing) });
      continue;
    }
    if (last !== undefined) writing.losses.moved(at);
    system.push(...parts.flatMap((part) => systemBlocks(part, writing)));
  }
  return turns.length > 0 ? { system, turns } : systemAsUser(request, writing);
}

/** `system` takes text alone: what else may stand in a message of this role (a tool that is added on the way) has no other place. */
function systemBlocks({ part, at }: PlacedPart, writing: Writing): readonly JsonObject[] {
  const blocks = partBlocks(part, at, writing);
  if (blocks.every(({ type }) => type === 'text')) return blocks;
  if (part.kind !== 'opaque') refuse('unsupported_content', at, 'The instructions of this model are text.');
  writing.losses.dropped(at);
  return [];
}

function systemAsUser(request: CanonicalRequest, { losses }: Writing): Split {
  const parts = request.messages.flatMap((message, index) => placedParts(message, callersMessage(request, index)));
  if (parts.length > 0) losses.moved(callersMessage(request, 0));
  return { system: [], turns: [{ role: 'user', parts, fields: {} }] };
}

function placedParts({ parts }: Message, at: string): readonly PlacedPart[] {
  return parts.map((part, index) => ({ part, at: `${at}.content[${index}]` }));
}

function addTurn(
  turns: OpenTurn[],
  role: 'user' | 'assistant',
  parts: readonly PlacedPart[],
  fields: JsonObject,
): void {
  const last = turns.at(-1);
  if (last?.role !== role) {
    turns.push({ role, parts: [...parts], fields });
    return;
  }
  for (const part of parts) last.parts.push(part);
  if (Object.keys(fields).length > 0) last.fields = { ...last.fields, ...fields };
}

/** A participant's name stands before what it said: there is no other place for it. */
function namedParts(
  { name }: Message,
  parts: readonly PlacedPart[],
  at: string,
  { losses }: Writing,
): readonly PlacedPart[] {
  if (name === undefined) return parts;
  losses.approximated(`${at}.name`);
  const first = parts.findIndex(({ part }) => part.kind === 'text');
  return parts.map((placed, index) =>
    index === first && placed.part.kind === 'text'
      ? { ...placed, part: { ...placed.part, text: `${name}: ${placed.part.text}` } }
      : placed,
  );
}

function fieldsOf({ extras }: Message, at: string, { losses }: Writing): JsonObject {
  losses.extras(extras, ME, at);
  return extras?.dialect === ME ? extras.fields : {};
}

/** Whether the answer goes on from calls, and the turn they are in does not begin with signed thinking. */
function isMidway(messages: readonly JsonObject[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const blocks = objects(messages[last]?.['content']);
  const hasCalls = blocks.some(({ type }) => type === 'tool_use');
  const first = blocks[0]?.['type'];
  return hasCalls && first !== 'thinking' && first !== 'redacted_thinking';
}

// --- the rest of the body ---------------------------------------------------------------------------------------------------

/** Our own hash of the organisation where one is sent at all, else the caller's own word for its user. */
function encodeUser({ user }: CanonicalRequest, { quirks, safetyIdentifier }: Target): JsonObject | null {
  const isOurs = quirks.safetyIdentifierField === 'metadata.user_id' && safetyIdentifier !== null;
  const id = isOurs ? safetyIdentifier : user;
  return id === null ? null : { user_id: id };
}

const TIERS: Readonly<Record<string, string>> = {
  default: 'standard_only',
  standard: 'standard_only',
  priority: 'auto',
};

function encodeTier({ serviceTier: tier, dialect }: CanonicalRequest, host: ClaudeHost, losses: Losses): string | null {
  if (tier === null) return null;
  if (host === 'direct') {
    if (dialect === ME || tier === 'auto' || tier === 'standard_only') return tier;
    const near = Object.hasOwn(TIERS, tier) ? TIERS[tier] : undefined;
    if (near !== undefined) {
      losses.approximated(callersWord(dialect, 'serviceTier'));
      return near;
    }
  }
  losses.dropped(callersWord(dialect, 'serviceTier'));
  return null;
}

interface BodyFacts {
  readonly request: CanonicalRequest;
  readonly target: Target;
  readonly host: ClaudeHost;
  readonly losses: Losses;
}

/** Members that say which host a body is for: every host gets its own. */
export const HOST_MEMBERS: ReadonlySet<string> = new Set(['anthropic_version', 'anthropic_beta']);

/** Adds unknown members of this dialect, takes out what the provider rejects, and places the request's cache mark where a host has none. */
function finishBody(written: JsonObject, { request, target, host, losses }: BodyFacts): JsonObject {
  losses.extras(request.extras, ME, '');
  const own = request.extras?.dialect === ME ? request.extras.fields : {};
  refuseContainer(own['container']);
  const body: Record<string, unknown> = { ...written };
  for (const name in own) {
    if (HOST_MEMBERS.has(name)) continue;
    const known = body[name];
    const value = own[name];
    body[name] = isObject(known) && isObject(value) ? { ...value, ...known } : (known ?? value);
  }
  for (const name of target.quirks.rejectedFields) {
    if (body[name] === undefined) continue;
    delete body[name];
    losses.dropped(name);
  }
  const placed = host === 'direct' ? body : withPlacedCache(body, losses);
  // a request of this dialect keeps its own marks: the vendor judges them
  return request.dialect === ME ? placed : fitMarks(placed, losses);
}

/** A container belongs to our account at the vendor; skills that the vendor made itself are nobody's. */
export function refuseContainer(container: unknown): void {
  if (container === undefined || container === null) return;
  const isNamed = typeof container === 'string' || (isObject(container) && typeof container['id'] === 'string');
  const hasCustom = isObject(container) && objects(container['skills']).some(({ type }) => type === 'custom');
  if (isNamed || hasCustom) refuseReference('container');
}

/** Clouds know no mark of the whole request: it says the same on the last block (T08). */
function withPlacedCache(body: Record<string, unknown>, losses: Losses): JsonObject {
  const mark = body['cache_control'];
  if (mark === undefined) return body;
  delete body['cache_control'];
  losses.moved('cache_control');
  const messages = objects(body['messages']);
  const last = messages.at(-1);
  if (last === undefined) return body;
  const { content } = last;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objects(content);
  const marked = blocks.map((block, index) =>
    index === blocks.length - 1 ? { cache_control: mark, ...block } : block,
  );
  return { ...body, messages: [...messages.slice(0, -1), { ...last, content: marked }] };
}

function addressed(
  body: JsonObject,
  request: CanonicalRequest,
  target: Target,
  host: ClaudeHost,
  losses: Losses,
): EncodedRequest {
  const own = request.extras?.dialect === ME ? request.extras.fields : {};
  const betas = [...new Set([...betasOf(body, host), ...forwardedBetas(own['anthropic_beta'], host, losses)])];
  const announced: Readonly<Record<string, string>> = betas.length === 0 ? {} : { 'anthropic-beta': betas.join(',') };
  const path = pathOf(host, target.model, request.isStream);
  switch (host) {
    case 'direct':
      return { path, body, headers: { 'anthropic-version': API_VERSION, ...announced }, losses: losses.list() };
    case 'vertex':
      return {
        path,
        body: { anthropic_version: HOST_VERSIONS.vertex, ...body },
        headers: announced,
        losses: losses.list(),
      };
    case 'bedrock':
      return {
        path,
        body: {
          anthropic_version: HOST_VERSIONS.bedrock,
          ...(betas.length === 0 ? {} : { anthropic_beta: betas }),
          ...body,
        },
        headers: {},
        losses: losses.list(),
      };
  }
}

/** Appended to a base URL that ends in `/v1`, in `/locations/<region>`, or in the host of bedrock-runtime. */
export function pathOf(host: ClaudeHost, model: string, isStream: boolean): string {
  switch (host) {
    case 'direct':
      return '/messages';
    case 'vertex':
      return `/publishers/anthropic/models/${encodeURI(model)}:${isStream ? 'streamRawPredict' : 'rawPredict'}`;
    case 'bedrock':
      return `/model/${encodeURIComponent(model)}/${isStream ? 'invoke-with-response-stream' : 'invoke'}`;
  }
}
