import { sumIn } from './arithmetic.js';
import type { Dice } from './dice.js';
import { excerptOf } from './excerpt.js';
import { factIn } from './facts.js';
import { hintsOf, instanceOf } from './schema-instance.js';
import { stringFor } from './schema-string.js';
import type { TextQuestion } from './text-answer.js';
import { numbersIn, topicsOf } from './topics.js';

/**
 * A JSON answer as text: valid against the schema when one is given or shown in the instructions, otherwise an object with the keys
 * the prompt asks for.
 */
export function jsonAnswerTo(question: TextQuestion, schema: unknown, dice: Dice): string {
  const prompt = excerptOf(question.prompt);
  const asked = excerptOf(`${prompt}\n${question.toolResults.map((result) => result.content).join('\n')}`);
  const shown = schema ?? schemaShownIn(`${question.instructions}\n${question.prompt}`);
  if (shown !== null) return JSON.stringify(instanceOf(shown, hintsOf(asked), dice));
  const named = [
    ...prompt.matchAll(/\b(?:keys?|fields?|propert(?:y|ies)) ((?:[`"'][\w-]+[`"'](?:,? and |, )?)+)/gi),
  ].flatMap((match) => [...(match[1] ?? '').matchAll(/[`"']([\w-]+)[`"']/g)].map((quoted) => quoted[1] ?? ''));
  const keys = [...new Set(named)];
  return JSON.stringify(
    keys.length > 0 ? Object.fromEntries(keys.map((key) => [key, valueFor(key, asked)])) : freeObject(asked),
  );
}

function valueFor(key: string, asked: string): unknown {
  const sum = sumIn(asked);
  if (sum !== null) return Number(sum.result);
  if (/count|age|number|total|score|amount/.test(key)) return numbersIn(asked)[0] ?? 1;
  return factIn(asked)?.short ?? stringFor({}, key, hintsOf(asked), () => 0.5);
}

function freeObject(asked: string): Record<string, unknown> {
  const topics = topicsOf(asked);
  return {
    answer: sumIn(asked)?.result ?? factIn(asked)?.short ?? topics.subject,
    topics: topics.words.slice(0, 3),
    sandbox: true,
  };
}

/** Each try reads to the closing brace; a text of nothing but braces must not take quadratic time. */
const mostBraceTries = 200;

/** A JSON Schema written out in a prompt, as frameworks do that do not trust `response_format`. */
function schemaShownIn(text: string): unknown {
  let tries = 0;
  for (
    let start = text.indexOf('{');
    start >= 0 && (tries += 1) <= mostBraceTries;
    start = text.indexOf('{', start + 1)
  ) {
    const end = closingBrace(text, start);
    if (end < 0) return null;
    const candidate = text.slice(start, end + 1);
    if (!candidate.includes('"properties"')) continue;
    try {
      return JSON.parse(candidate);
    } catch {
      // Braces in prose are common; the next one may open the schema.
    }
  }
  return null;
}

function closingBrace(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
