import { diceOf } from '../answers/dice.js';
import type { DialectChanges } from './dialect.js';
import { answerTo, type PiecedCall } from './openai/answer.js';
import { questionOf } from './openai/prompt.js';
import { countTokens, type Piece, piecesOf, piecesWithin } from './openai/tokens.js';
import type { ChatRequest } from './openai/wire.js';

/** What a conversation asks of a model, in the words of the sandbox's own answer machine. */
export interface Spoken {
  /** Only what the answer depends on; `max_tokens`, `stop` and thinking are given beside it. */
  readonly request: ChatRequest;
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  /** Thinking aloud: the most tokens it may take; null when the model does not think. */
  readonly thinkingBudget: number | null;
}

/** An answer before it is put on the wire. Counts are o200k tokens; `completionTokens` includes the thinking. */
export interface SpokenAnswer {
  /** Empty when the model does not think. */
  readonly thinking: readonly Piece[];
  /** Empty beside calls. */
  readonly text: readonly Piece[];
  readonly calls: readonly PiecedCall[];
  readonly finish: 'stop' | 'stop_sequence' | 'length' | 'tool_calls';
  /** The stop sequence the text ended before; null when none was met. */
  readonly stoppedBy: string | null;
  readonly promptTokens: number;
  readonly cacheablePrefixes: readonly string[];
  readonly reasoningTokens: number;
  readonly completionTokens: number;
}

/** Works out what a model says: thinking first, then calls or text, all of it within the token limit. */
export function speak(spoken: Spoken, changes: DialectChanges): SpokenAnswer {
  const request: ChatRequest = { ...spoken.request, reasoning_effort: 'none' };
  if (changes.empty !== null) return silence(request);
  const question = questionOf(request.messages).prompt;
  const override = changes.says ?? (changes.echo ? question : null);
  const limit = spoken.maxTokens ?? Number.POSITIVE_INFINITY;
  const thought = thinkingOf(question, override === null ? spoken.thinkingBudget : null, limit);
  const answer = answerTo(
    { ...request, max_completion_tokens: limit - thought.tokens },
    override === null ? null : { text: override },
  );
  const choice = answer.choices[0];
  const base = {
    thinking: thought.pieces,
    promptTokens: answer.promptTokens,
    cacheablePrefixes: answer.cacheablePrefixes,
    reasoningTokens: thought.tokens,
  };
  if (choice?.kind === 'tools') {
    const completionTokens = thought.tokens + choice.tokens;
    return { ...base, text: [], calls: choice.calls, finish: choice.finish, stoppedBy: null, completionTokens };
  }
  const said = choice?.pieces.map((piece) => piece.text).join('') ?? '';
  const stop = firstStop(said, spoken.stop);
  if (stop !== null) {
    const text = piecesWithin(piecesOf(said.slice(0, stop.at)), limit - thought.tokens);
    const completionTokens = thought.tokens + text.tokens;
    return {
      ...base,
      text: text.pieces,
      calls: [],
      finish: 'stop_sequence',
      stoppedBy: stop.sequence,
      completionTokens,
    };
  }
  return {
    ...base,
    text: choice?.pieces ?? [],
    calls: [],
    finish: choice?.finish === 'length' ? 'length' : 'stop',
    stoppedBy: null,
    completionTokens: thought.tokens + (choice?.tokens ?? 0),
  };
}

function silence(request: ChatRequest): SpokenAnswer {
  const { promptTokens, cacheablePrefixes } = answerTo(request, { text: '' });
  const none = { thinking: [], text: [], calls: [], reasoningTokens: 0, completionTokens: 0 };
  return { ...none, finish: 'stop', stoppedBy: null, promptTokens, cacheablePrefixes };
}

function firstStop(
  text: string,
  sequences: readonly string[],
): { readonly at: number; readonly sequence: string } | null {
  let first: { at: number; sequence: string } | null = null;
  for (const sequence of sequences) {
    const at = sequence === '' ? -1 : text.indexOf(sequence);
    if (at >= 0 && (first === null || at < first.at)) first = { at, sequence };
  }
  return first;
}

const longestTopic = 80;

/** A short train of thought about the question, cut to its budget and to the limit of the whole answer. */
function thinkingOf(
  question: string,
  budget: number | null,
  limit: number,
): { readonly pieces: readonly Piece[]; readonly tokens: number } {
  if (budget === null) return { pieces: [], tokens: 0 };
  const topic = question.replace(/\s+/g, ' ').trim().slice(0, longestTopic);
  const asides = ['I should keep it short.', 'Let me put the facts in order.', 'A plain answer will do.'];
  const aside = asides[Math.floor(diceOf(question)() * asides.length)] ?? '';
  const text = `The user writes: “${topic}”. ${aside} There is no real model here, so this thought is a rehearsal too.`;
  return piecesWithin(piecesOf(text), Math.min(budget, limit));
}

/** The tokens of a call's name and arguments, for frames that carry a whole call. */
export function tokensOfCall(call: PiecedCall): number {
  return call.nameTokens + call.pieces.reduce((sum, piece) => sum + piece.tokens, 0);
}

/** Pieces as one text. */
export function joinedText(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

/** The tokens of a text that is not said but read. */
export const tokensIn = countTokens;
