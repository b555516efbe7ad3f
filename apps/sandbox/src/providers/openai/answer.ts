import { type Dice, diceOf, rollBetween } from '../../answers/dice.js';
import { jsonAnswerTo } from '../../answers/json-answer.js';
import { textAnswerTo } from '../../answers/text-answer.js';
import { isReasoningModel, thinksUnasked } from './models.js';
import { promptTokensOf, questionOf } from './prompt.js';
import { cacheablePrefixesOf, countTokens, type Piece, piecesOf, piecesWithin } from './tokens.js';
import { type CalledTool, toolCallsFor } from './tools.js';
import type { ChatRequest } from './wire.js';

/** A tool call as it streams: its name, then its arguments in pieces. */
export interface PiecedCall {
  readonly name: string;
  readonly nameTokens: number;
  readonly pieces: readonly Piece[];
}

/** One choice of a reply. `tokens` is what was said, thinking not included. */
export type Choice =
  | {
      readonly kind: 'text';
      readonly pieces: readonly Piece[];
      readonly tokens: number;
      readonly finish: 'stop' | 'length';
    }
  | {
      readonly kind: 'tools';
      readonly calls: readonly PiecedCall[];
      readonly tokens: number;
      readonly finish: 'tool_calls' | 'length';
    };

/** Everything a reply says and counts, before it is put on the wire. */
export interface Answer {
  readonly choices: readonly Choice[];
  readonly promptTokens: number;
  readonly cacheablePrefixes: readonly string[];
  readonly reasoningTokens: number;
  readonly completionTokens: number;
}

/** Works out the answer to a request. The same messages, model and seed get the same answer. */
export function answerTo(request: ChatRequest, override: { readonly text: string } | null): Answer {
  const prompt = promptTokensOf(request);
  const choices: Choice[] = [];
  let reasoningTokens = 0;
  for (let index = 0; index < (request.n ?? 1); index += 1) {
    const dice = diceOf(`${JSON.stringify(request.messages)} ${request.model} ${request.seed ?? ''} ${index}`);
    const thinking = Math.min(thinkingTokens(request, dice), outputLimit(request));
    reasoningTokens += thinking;
    choices.push(choiceFor(request, override, dice, outputLimit(request) - thinking));
  }
  const said = choices.reduce((total, choice) => total + choice.tokens, 0);
  return {
    choices,
    promptTokens: prompt.length,
    cacheablePrefixes: cacheablePrefixesOf(prompt),
    reasoningTokens,
    completionTokens: said + reasoningTokens,
  };
}

function outputLimit(request: ChatRequest): number {
  return request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
}

/** How long a model thinks, in steps of 64 as OpenAI reports it. */
function thinkingTokens(request: ChatRequest, dice: Dice): number {
  if (!isReasoningModel(request.model)) return 0;
  switch (request.reasoning_effort ?? (thinksUnasked(request.model) ? 'medium' : 'none')) {
    case 'none':
    case 'minimal':
      return 0;
    case 'low':
      return 64;
    case 'high':
    case 'xhigh':
      return 64 * rollBetween(dice, 6, 16);
    default:
      return 64 * rollBetween(dice, 1, 6);
  }
}

function choiceFor(
  request: ChatRequest,
  override: { readonly text: string } | null,
  dice: Dice,
  roomTokens: number,
): Choice {
  const question = questionOf(request.messages);
  if (override !== null) return textChoice(override.text, roomTokens);
  const calls = toolCallsFor(request, question.prompt, question.toolResults.length > 0, dice);
  if (calls.length > 0) return toolChoice(calls, roomTokens);
  const schema =
    request.response_format?.type === 'json_schema' ? request.response_format.json_schema.schema : undefined;
  if (schema != null) return textChoice(jsonAnswerTo(question, schema, dice), roomTokens);
  if (request.response_format?.type === 'json_object')
    return textChoice(jsonAnswerTo(question, null, dice), roomTokens);
  return textChoice(beforeStop(textAnswerTo(question, dice), request.stop), roomTokens);
}

function beforeStop(text: string, stop: ChatRequest['stop']): string {
  const sequences = typeof stop === 'string' ? [stop] : (stop ?? []);
  const firsts = sequences
    .filter((sequence) => sequence !== '')
    .map((sequence) => text.indexOf(sequence))
    .filter((at) => at >= 0);
  return firsts.length === 0 ? text : text.slice(0, Math.min(...firsts));
}

function textChoice(text: string, roomTokens: number): Choice {
  const { pieces, tokens, cut } = piecesWithin(piecesOf(text), roomTokens);
  return { kind: 'text', pieces, tokens, finish: cut ? 'length' : 'stop' };
}

function toolChoice(called: readonly CalledTool[], roomTokens: number): Choice {
  const calls: PiecedCall[] = [];
  let left = roomTokens;
  let wasCut = false;
  for (const { name, argumentsText } of called) {
    const nameTokens = countTokens(name);
    if (wasCut || nameTokens > left) {
      wasCut = true;
      break;
    }
    const { pieces, tokens, cut } = piecesWithin(piecesOf(argumentsText), left - nameTokens);
    calls.push({ name, nameTokens, pieces });
    left -= nameTokens + tokens;
    wasCut = cut;
  }
  const tokens = calls.reduce(
    (total, call) => total + call.nameTokens + call.pieces.reduce((sum, piece) => sum + piece.tokens, 0),
    0,
  );
  return calls.length === 0
    ? { kind: 'text', pieces: [], tokens: 0, finish: 'length' }
    : { kind: 'tools', calls, tokens, finish: wasCut ? 'length' : 'tool_calls' };
}
