import { refuse } from '../anthropic-messages/refused.js';
import { CallResults, type PlacedResult } from '../canonical/call-results.js';
import type { JsonObject, Part, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { callersMessage } from '../canonical/request-words.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import { UniqueNames } from '../canonical/unique-names.js';
import {
  callBlocks,
  isBlank,
  isTextBlock,
  partBlocks,
  resultBlocks,
  textOfTool,
  type Writing,
} from './block-writer.js';
import { ME } from './wire.js';

interface PlacedPart {
  readonly part: Part;
  /** as `messages[2].content[0]`, in the caller's words */
  readonly at: string;
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly PlacedPart[];
}

export interface WireTurn {
  readonly role: 'user' | 'assistant';
  readonly content: readonly JsonObject[];
}

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly WireTurn[];
}

/** What is said where a call has no result, which is a 400. */
const NO_RESULT = 'No result was given for this tool call.';
/** What stands before a conversation that does not begin with a user, which is a 400. */
const BEGINNING = '(The conversation goes on.)';
/** A document without a word beside it is a 400 (T20). */
const ABOUT_DOCUMENT = 'See the attached document.';
/** What stands between a document and the cache point behind it. */
export const END_OF_FILE = '(End of the attached file.)';

/**
 * Writes the conversation as Converse demands it: system text apart, a user first, roles alternating, each call with exactly one result in the
 * turn behind it. What had to be added, moved or taken out is a loss. `hasTools` false: calls and results become words (T16).
 */
export function writeConversation(request: CanonicalRequest, hasTools: boolean, writing: Writing): Conversation {
  const system = systemBlocks(request, writing);
  const turns = turnsOf(request, writing);
  const written = hasTools ? pairCalls(turns, writing) : turns.map((turn) => writePlain(turn, writing));
  const merged = mergeRoles(
    written.filter(({ content }) => content.some((block) => block['cachePoint'] === undefined)),
  );
  if (merged[0]?.role !== 'user') {
    writing.losses.approximated('messages');
    merged.unshift({ role: 'user', content: [{ text: BEGINNING }] });
  }
  trimEnding(merged, writing);
  const messages = merged.map((turn) =>
    withWords({ role: turn.role, content: settled(turn.content, writing) }, writing),
  );
  return { system: settled(system, writing), messages };
}

/** A cache point stands behind a block, not behind another cache point, and not right behind a document or a video, which is a 400. */
function settled(blocks: readonly JsonObject[], { losses }: Writing): readonly JsonObject[] {
  const kept: JsonObject[] = [];
  for (const block of blocks) {
    const last = kept.at(-1);
    if (block['cachePoint'] !== undefined) {
      if (last === undefined || last['cachePoint'] !== undefined) continue;
      if (last['document'] !== undefined || last['video'] !== undefined) {
        losses.approximated('messages');
        kept.push({ text: END_OF_FILE });
      }
    }
    kept.push(block);
  }
  return kept;
}

function isSystem(role: string): boolean {
  return role === 'system' || role === 'developer';
}

/**
 * There is one place for system text, in front of everything: what stood elsewhere has moved. Where nothing but system text is said, the user says it.
 */
function systemBlocks(request: CanonicalRequest, writing: Writing): readonly JsonObject[] {
  const firstTurn = request.messages.findIndex(({ role }) => !isSystem(role));
  if (firstTurn === -1) return [];
  return request.messages.flatMap(({ role, parts }, index) => {
    if (!isSystem(role)) return [];
    const place = callersMessage(request, index);
    if (role === 'developer') writing.losses.approximated(`${place}.role`);
    if (index > firstTurn) writing.losses.moved(place);
    return parts.flatMap((part, position) => systemBlock(part, `${place}.content[${position}]`, writing));
  });
}

function systemBlock(part: Part, at: string, writing: Writing): readonly JsonObject[] {
  const isOwn = part.kind === 'opaque' && part.dialect === ME;
  if (part.kind === 'text' || part.kind === 'refusal' || isOwn) return partBlocks(part, at, writing);
  return refuse('unsupported_content', at, `${at}: this provider takes nothing but text as system text.`);
}

function turnsOf(request: CanonicalRequest, writing: Writing): readonly Turn[] {
  const turns: { role: Turn['role']; parts: PlacedPart[] }[] = [];
  const hasTurns = request.messages.some(({ role }) => !isSystem(role));
  for (const [index, message] of request.messages.entries()) {
    const place = callersMessage(request, index);
    writing.losses.extras(message.extras, ME, place);
    if (isSystem(message.role) && hasTurns) continue;
    if (!hasTurns) writing.losses.moved(place);
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const placed = placedParts(message, place, writing);
    const last = turns.at(-1);
    if (last?.role === role) for (const part of placed) last.parts.push(part);
    else turns.push({ role, parts: [...placed] });
  }
  return turns;
}

/** A participant's name stands before what it said: there is no other place for it. */
function placedParts({ parts, name }: Message, place: string, { losses }: Writing): readonly PlacedPart[] {
  if (name !== undefined) losses.approximated(`${place}.name`);
  const first = parts.findIndex(({ kind }) => kind === 'text');
  return parts.map((part, position) => ({
    part:
      name !== undefined && position === first && part.kind === 'text'
        ? { ...part, text: `${name}: ${part.text}` }
        : part,
    at: `${place}.content[${position}]`,
  }));
}

function writePlain({ role, parts }: Turn, writing: Writing): WireTurn {
  const content = parts.flatMap(({ part, at }) => {
    if (part.kind === 'tool_call' || part.kind === 'tool_result') writing.losses.approximated(at);
    if (part.kind === 'tool_result') return [textOfTool(part), ...mediaOf(part, at, writing)];
    return partBlocks(part, at, writing);
  });
  return { role, content };
}

/** What a tool gave back besides text. */
function mediaOf(part: ToolResultPart, at: string, writing: Writing): readonly JsonObject[] {
  return part.content.flatMap((content, index) =>
    content.kind === 'text' ? [] : partBlocks(content, `${at}.content[${index}]`, writing),
  );
}

function mergeRoles(turns: readonly WireTurn[]): WireTurn[] {
  const merged: { readonly role: WireTurn['role']; readonly content: JsonObject[] }[] = [];
  for (const { role, content } of turns) {
    const last = merged.at(-1);
    if (last?.role !== role) merged.push({ role, content: [...content] });
    else for (const block of content) last.content.push(block);
  }
  return merged;
}

/** The beginning of an answer may not end in white space, for models that refuse it. */
function trimEnding(turns: WireTurn[], { traits, losses }: Writing): void {
  const last = turns.at(-1);
  const text = last?.content.at(-1)?.['text'];
  if (!traits.refusesBlankEdges || last?.role !== 'assistant' || typeof text !== 'string') return;
  if (text === text.trimEnd()) return;
  losses.approximated('messages');
  turns[turns.length - 1] = { role: last.role, content: [...last.content.slice(0, -1), { text: text.trimEnd() }] };
}

function withWords(turn: WireTurn, { losses }: Writing): WireTurn {
  const needsWords = turn.content.some((block) => block['document'] !== undefined) && !turn.content.some(isTextBlock);
  if (!needsWords) return turn;
  losses.approximated('messages');
  return { role: turn.role, content: [...turn.content, { text: ABOUT_DOCUMENT }] };
}

// --- calls and their results ----------------------------------------------------------------------------------------------

function pairCalls(turns: readonly Turn[], writing: Writing): readonly WireTurn[] {
  const results = new CallResults(turns);
  const ids = new WireIds(writing);
  const written: WireTurn[] = [];
  let due: readonly JsonObject[] = [];
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'user') {
      written.push({ role: 'user', content: [...due, ...writeUser(turn, results, writing)] });
      due = [];
      continue;
    }
    const { content, answers } = writeAssistant(turn, index, results, ids, writing);
    written.push({ role: 'assistant', content });
    due = answers;
  }
  if (due.length > 0) written.push({ role: 'user', content: due });
  return written;
}

function writeAssistant(
  turn: Turn,
  index: number,
  results: CallResults,
  ids: WireIds,
  writing: Writing,
): { readonly content: readonly JsonObject[]; readonly answers: readonly JsonObject[] } {
  const answers: JsonObject[] = [];
  const content = turn.parts.flatMap(({ part, at }) => {
    if (part.kind !== 'tool_call') return partBlocks(part, at, writing);
    const id = ids.next(part.id);
    answers.push(...answerOf(part, id, at, results.take(part.id, index, writing.losses), writing));
    return callBlocks(part, id, at, writing);
  });
  return { content, answers };
}

function answerOf(
  call: ToolCallPart,
  id: string,
  at: string,
  result: PlacedResult | null,
  writing: Writing,
): readonly JsonObject[] {
  if (result !== null) return resultBlocks({ ...result.part, variant: call.variant }, id, result.at, writing);
  writing.losses.approximated(at);
  return [{ toolResult: { toolUseId: id, content: [{ text: NO_RESULT }], status: 'error' } }];
}

/** Parts of a user's turn but the results that stand before them. A result nobody asked for becomes words. */
function writeUser(turn: Turn, results: CallResults, writing: Writing): readonly JsonObject[] {
  let hasOthers = false;
  return turn.parts.flatMap(({ part, at }) => {
    if (part.kind !== 'tool_result') {
      hasOthers ||= part.kind !== 'text' || !isBlank(part.text);
      return partBlocks(part, at, writing);
    }
    if (results.isTaken(at)) {
      if (hasOthers) writing.losses.moved(at);
      return [];
    }
    writing.losses.approximated(at);
    return [textOfTool(part), ...mediaOf(part, at, writing)];
  });
}

/** Ids for the wire: legal for the model, and no two calls of a conversation with the same one. */
class WireIds {
  readonly #names = new UniqueNames();
  readonly #writing: Writing;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  next(id: string): string {
    const rule = this.#writing.traits.callIds;
    return this.#names.take(wireCallId(id, rule), (number) => wireCallId(`${id}_${number}`, rule));
  }
}
