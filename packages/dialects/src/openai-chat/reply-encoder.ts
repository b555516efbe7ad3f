import type { EncodedReply, ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject, Part, ReasoningPart } from '../canonical/part.js';
import type { CanonicalReply, ReplyChoice } from '../canonical/reply.js';
import { openaiTier } from '../openai-tier.js';
import { encodeLogprobs } from './logprobs.js';
import { encodeDetails } from './reasoning-details.js';
import {
  annotationsOf,
  callMember,
  endOf,
  imageMember,
  lossesMember,
  mannerOf,
  noteLost,
  placeExtras,
  type ReplyManner,
} from './reply-parts.js';
import { usageJson } from './usage.js';

/** A whole answer as OpenAI's chat completions write it, with OpenRouter's members where there is something to say in them. */
export function encodeReply(reply: CanonicalReply, options: ReplyOptions, facts: ReplyFacts): EncodedReply {
  const losses = new Losses();
  const manner = mannerOf(options);
  const top: Record<string, unknown> = {};
  const choices = reply.choices.map((choice) => {
    const extras = placeExtras(choice.extras, losses);
    Object.assign(top, extras.top);
    return encodeChoice(choice, manner, options, losses, extras);
  });
  Object.assign(top, placeExtras(reply.extras, losses).top);
  const tier = reply.serviceTier === null ? null : openaiTier(reply.serviceTier);
  const head: JsonObject = {
    id: manner.id,
    object: 'chat.completion',
    created: options.created,
    model: options.model,
    provider: options.provider,
    choices,
    // A member that OpenRouter's SDK misses: it throws the answer away.
    system_fingerprint: null,
    ...(tier === null ? {} : { service_tier: tier }),
    ...top,
    ...lossesMember(losses),
  };
  const usage = facts.usage ?? reply.usage;
  const json = JSON.stringify(head);
  const body = usage === null ? json : `${json.slice(0, -1)},"usage":${usageJson(usage, facts.cost)}}`;
  return { body: Buffer.from(body, 'utf8'), losses: losses.list() };
}

function encodeChoice(
  choice: ReplyChoice,
  manner: ReplyManner,
  options: ReplyOptions,
  losses: Losses,
  extras: ReturnType<typeof placeExtras>,
): JsonObject {
  for (const part of choice.parts) noteLost(part, losses);
  if (choice.stopSequence !== null) losses.dropped('stop_sequence');
  const hasCalls = choice.parts.some(({ kind }) => kind === 'tool_call');
  return {
    index: choice.index,
    message: encodeMessage(choice.parts, manner, options, losses, extras.message),
    logprobs: choice.logprobs === null ? null : encodeLogprobs(choice.logprobs),
    finish_reason: endOf(choice.finish, hasCalls, manner.isLegacy),
    native_finish_reason: choice.finishRaw,
    ...extras.choice,
  };
}

function encodeMessage(
  parts: readonly Part[],
  manner: ReplyManner,
  options: ReplyOptions,
  losses: Losses,
  extras: JsonObject,
): JsonObject {
  const texts = parts.filter((part) => part.kind === 'text');
  const refusals = parts.filter((part) => part.kind === 'refusal');
  const images = parts
    .flatMap((part) => (part.kind === 'image' ? [imageMember(part)] : []))
    .filter((one) => one !== null);
  const content = texts.map(({ text }) => text).join('');
  const annotations = [
    ...textAnnotations(texts, losses),
    ...(Array.isArray(extras['annotations']) ? extras['annotations'] : []),
  ];
  return {
    role: 'assistant',
    // An empty text beside something else is none; an answer that is nothing at all is an empty text.
    content: content !== '' || parts.length === 0 ? content : null,
    refusal: refusals.length === 0 ? null : refusals.map(({ text }) => text).join(''),
    ...reasoningMembers(parts, manner),
    ...callMembers(parts, manner, losses),
    ...(images.length === 0 ? {} : { images }),
    ...audioMember(parts, manner, options),
    ...extras,
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

function textAnnotations(texts: readonly Extract<Part, { kind: 'text' }>[], losses: Losses): JsonObject[] {
  let offset = 0;
  return texts.flatMap(({ text, citations }) => {
    const annotations = annotationsOf(citations ?? [], offset, losses);
    offset += text.length;
    return annotations;
  });
}

/** What was thought under both plain names, and with its seals: clients echo one of the three, and DeepSeek's, OpenRouter's and ours all come back. */
function reasoningMembers(parts: readonly Part[], manner: ReplyManner): JsonObject {
  const shown = manner.showsReasoning ? parts : parts.filter(({ kind }) => kind !== 'reasoning' && kind !== 'opaque');
  const details = encodeDetails(shown);
  const plain = shown
    .filter((part) => part.kind === 'reasoning')
    .map(plainOf)
    .join('');
  return {
    ...(plain === '' ? {} : { reasoning: plain, reasoning_content: plain }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

function plainOf({ text, summary }: ReasoningPart): string {
  return text + summary.join('');
}

function callMembers(parts: readonly Part[], { isLegacy }: ReplyManner, losses: Losses): JsonObject {
  const calls = parts.filter((part) => part.kind === 'tool_call');
  const [first] = calls;
  if (first === undefined) return {};
  if (!isLegacy) return { tool_calls: calls.map(callMember) };
  if (calls.length > 1) losses.dropped('tool_calls');
  return { function_call: { name: first.name, arguments: first.arguments === '' ? '{}' : first.arguments } };
}

/** The id is ours and leads nowhere: audio of an earlier answer is not kept. */
function audioMember(parts: readonly Part[], { id }: ReplyManner, { created }: ReplyOptions): JsonObject {
  const audio = parts.find((part) => part.kind === 'audio');
  if (audio?.kind !== 'audio' || audio.source.kind !== 'base64') return {};
  return {
    audio: { id: `audio_${id}`, data: audio.source.data, transcript: audio.transcript ?? '', expires_at: created },
  };
}
