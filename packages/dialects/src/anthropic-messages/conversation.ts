import { CallResults, type PlacedResult } from '../canonical/call-results.js';
import type { JsonObject, Part, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import { UniqueNames } from '../canonical/unique-names.js';
import {
  callBlock,
  isOnePlainText,
  partBlocks,
  resultBlock,
  textOfTool,
  type Writing,
  type WrittenResult,
} from './block-writer.js';
import { CALL_ID_RULE } from './wire.js';

/** One part with where it stood in the request, as `messages[2].content[0]`. */
export interface PlacedPart {
  readonly part: Part;
  readonly at: string;
}

/** Consecutive messages of one role, put together: the wire wants them to alternate. */
export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly parts: readonly PlacedPart[];
  /** unknown members of the messages */
  readonly fields: JsonObject;
}

/** What is said where a call has no result: Anthropic answers 400 to a call without one. */
const NO_RESULT = 'No result was given for this tool call.';
/** What stands before a conversation that an assistant begins: Anthropic wants the user first. */
const BEGINNING = '(The conversation goes on.)';

/** A turn as it will be written. */
interface Written {
  readonly role: Turn['role'];
  readonly blocks: readonly JsonObject[];
  readonly fields: JsonObject;
}

/**
 * Writes the conversation as this vendor demands it: the user first, roles alternating, each call with exactly one result, and that first in the
 * turn behind it. What had to be added, moved or taken out is a loss. `hasTools` false: calls and results become words (T16).
 */
export function writeConversation(turns: readonly Turn[], hasTools: boolean, writing: Writing): readonly JsonObject[] {
  const written = hasTools ? pairCalls(turns, writing) : turns.map((turn) => writePlain(turn, writing));
  const merged = mergeRoles(written.filter(({ blocks }) => blocks.length > 0));
  const first = merged[0];
  if (first !== undefined && first.role === 'assistant') {
    writing.losses.approximated('messages');
    merged.unshift({ role: 'user', blocks: [{ type: 'text', text: BEGINNING }], fields: {} });
  }
  trimEnding(merged, writing);
  return merged.map(({ role, blocks, fields }) => ({
    role,
    content: isOnePlainText(blocks) ? blocks[0]?.['text'] : blocks,
    ...fields,
  }));
}

function writePlain(turn: Turn, writing: Writing): Written {
  const blocks = turn.parts.flatMap(({ part, at }) => {
    if (part.kind === 'tool_call' || part.kind === 'tool_result') writing.losses.approximated(at);
    if (part.kind === 'tool_result') return [textOfTool(part), ...mediaOf(part, at, writing)];
    return partBlocks(part, at, writing);
  });
  return { role: turn.role, blocks, fields: turn.fields };
}

/** What a tool gave back besides text. */
function mediaOf(part: ToolResultPart, at: string, writing: Writing): readonly JsonObject[] {
  return part.content.flatMap((content, index) =>
    content.kind === 'text' ? [] : partBlocks(content, `${at}.content[${index}]`, writing),
  );
}

function mergeRoles(turns: readonly Written[]): Written[] {
  const merged: { readonly role: Turn['role']; readonly blocks: JsonObject[]; fields: JsonObject }[] = [];
  for (const { role, blocks, fields } of turns) {
    const last = merged.at(-1);
    if (last === undefined || last.role !== role) merged.push({ role, blocks: [...blocks], fields });
    else {
      for (const block of blocks) last.blocks.push(block);
      if (Object.keys(fields).length > 0) last.fields = { ...last.fields, ...fields };
    }
  }
  return merged;
}

/** A beginning of the answer may not end in white space. */
function trimEnding(turns: Written[], { losses }: Writing): void {
  const last = turns.at(-1);
  const block = last?.blocks.at(-1);
  if (last === undefined || last.role !== 'assistant' || block === undefined || typeof block['text'] !== 'string')
    return;
  const trimmed = block['text'].trimEnd();
  if (trimmed === block['text']) return;
  losses.approximated('messages');
  turns[turns.length - 1] = { ...last, blocks: [...last.blocks.slice(0, -1), { ...block, text: trimmed }] };
}

// --- calls and their results ----------------------------------------------------------------------------------------------

function pairCalls(turns: readonly Turn[], writing: Writing): readonly Written[] {
  const results = new CallResults(turns);
  const written: Written[] = [];
  let due: readonly JsonObject[] = [];
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'assistant') {
      if (due.length > 0) written.push({ role: 'user', blocks: due, fields: {} });
      const answered = writeAssistant(turn, index, results, writing);
      written.push(answered.turn);
      due = answered.results;
      continue;
    }
    const isUser = turn.role === 'user';
    written.push({
      role: turn.role,
      blocks: [...(isUser ? due : []), ...writeUser(turn, results, writing)],
      fields: turn.fields,
    });
    if (isUser) due = [];
  }
  if (due.length > 0) written.push({ role: 'user', blocks: due, fields: {} });
  return written;
}

function writeAssistant(
  turn: Turn,
  index: number,
  results: CallResults,
  writing: Writing,
): { readonly turn: Written; readonly results: readonly JsonObject[] } {
  const answers: WrittenResult[] = [];
  const ids = new WireIds();
  const blocks = turn.parts.flatMap(({ part, at }) => {
    if (part.kind !== 'tool_call') return partBlocks(part, at, writing);
    const id = ids.next(part.id);
    answers.push(answerOf(part, id, at, results.take(part.id, index, writing.losses), writing));
    return [callBlock(part, id, at, writing)];
  });
  return {
    turn: { role: 'assistant', blocks, fields: turn.fields },
    results: [...answers.map(({ block }) => block), ...answers.flatMap(({ behind }) => behind)],
  };
}

function answerOf(
  call: ToolCallPart,
  id: string,
  at: string,
  result: PlacedResult | null,
  writing: Writing,
): WrittenResult {
  if (result !== null) return resultBlock({ ...result.part, variant: call.variant }, id, result.at, writing);
  writing.losses.approximated(at);
  return { block: { type: 'tool_result', tool_use_id: id, content: NO_RESULT, is_error: true }, behind: [] };
}

/** Parts of a user's turn but the results that stand before them. A result nobody asked for becomes words. */
function writeUser(turn: Turn, results: CallResults, writing: Writing): readonly JsonObject[] {
  let hasOthers = false;
  return turn.parts.flatMap(({ part, at }) => {
    if (part.kind !== 'tool_result') {
      hasOthers = true;
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

/** Ids for the wire: legal, and no two calls of a turn with the same one (in different turns the vendor takes them, a recording says). */
class WireIds {
  readonly #names = new UniqueNames();

  next(id: string): string {
    const legal = wireCallId(id, CALL_ID_RULE);
    return this.#names.take(legal, (number) => `${legal.slice(0, 56)}_${number}`);
  }
}
