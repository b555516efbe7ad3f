import type { Dice } from '../../answers/dice.js';
import { excerptOf } from '../../answers/excerpt.js';
import { hintsOf, instanceOf } from '../../answers/schema-instance.js';
import { isTelling, wordsOfIdentifier } from '../../answers/topics.js';
import type { ChatRequest, ChatTool } from './wire.js';

/** A call the model makes: its function and the arguments as JSON text. */
export interface CalledTool {
  readonly name: string;
  readonly argumentsText: string;
}

interface Callable {
  readonly name: string;
  readonly description: string;
  readonly parameters: unknown;
}

const mostParallelCalls = 4;
const genericWords = new Set([
  'get',
  'set',
  'fetch',
  'find',
  'search',
  'lookup',
  'query',
  'current',
  'tool',
  'function',
  'data',
  'info',
  'information',
  'value',
  'return',
  'returns',
  'number',
  'numbers',
  'string',
  'object',
  'list',
  'user',
  'file',
]);

/**
 * The calls a model would make here, or none. Forced by `tool_choice`; otherwise a tool is called when the prompt names it or speaks of its
 * purpose, and only before its results are in. Two tools that fit are called in parallel unless that is switched off.
 */
export function toolCallsFor(
  request: ChatRequest,
  prompt: string,
  resultsAreIn: boolean,
  dice: Dice,
): readonly CalledTool[] {
  const tools = callablesOf(request);
  const [firstTool] = tools;
  if (firstTool === undefined) return [];
  const choice = request.tool_choice ?? 'auto';
  if (choice === 'none') return [];
  const forcedName = typeof choice === 'object' ? choice.function?.name : undefined;
  const forced = tools.find((tool) => tool.name === forcedName);
  if (forced !== undefined) return [callOf(forced, prompt, dice)];
  if (choice === 'auto' && resultsAreIn) return [];
  const fitting = tools.filter((tool) => fits(tool, prompt));
  const wanted = fitting.length === 0 && mustCall(choice) ? [firstTool] : fitting;
  const most = request.parallel_tool_calls === false ? 1 : mostParallelCalls;
  return wanted.slice(0, most).map((tool) => callOf(tool, prompt, dice));
}

function mustCall(choice: NonNullable<ChatRequest['tool_choice']>): boolean {
  if (typeof choice === 'string') return choice === 'required' || choice === 'any';
  return choice.type !== 'allowed_tools' || choice.allowed_tools?.['mode'] === 'required';
}

function callablesOf(request: ChatRequest): Callable[] {
  return (request.tools ?? []).flatMap((tool: ChatTool) =>
    tool.function === undefined
      ? []
      : [
          {
            name: tool.function.name,
            description: tool.function.description ?? '',
            parameters: tool.function.parameters ?? { type: 'object' },
          },
        ],
  );
}

/** Whether the prompt names the tool, one of its own words, or two words of its description. */
function fits(tool: Callable, prompt: string): boolean {
  const asked = prompt.toLowerCase();
  if (asked.includes(tool.name.toLowerCase())) return true;
  const promptWords = new Set(wordsOfIdentifier(excerptOf(prompt)).map(stem));
  const nameWords = wordsOfIdentifier(tool.name);
  const ownWords = nameWords.filter((word) => isTelling(word) && !genericWords.has(word));
  if (ownWords.some((word) => promptWords.has(stem(word)))) return true;
  if (ownWords.length === 0 && nameWords.some((word) => promptWords.has(stem(word)))) return true;
  const purpose = new Set(
    wordsOfIdentifier(excerptOf(tool.description))
      .filter((word) => isTelling(word) && !genericWords.has(word))
      .map(stem),
  );
  return [...purpose].filter((word) => promptWords.has(word)).length >= 2;
}

function stem(word: string): string {
  return word.length > 5 ? word.replace(/(?:ing|ation|ed|ies|es|s|y)$/, '') : word.replace(/s$/, '');
}

function callOf(tool: Callable, prompt: string, dice: Dice): CalledTool {
  return { name: tool.name, argumentsText: JSON.stringify(instanceOf(tool.parameters, hintsOf(prompt), dice) ?? {}) };
}
