import { sumIn } from './arithmetic.js';
import { type Dice, pick } from './dice.js';
import { excerptOf } from './excerpt.js';
import { factIn } from './facts.js';
import { proseAbout, shapeOf } from './prose.js';
import { topicsOf } from './topics.js';

/** Said at the end of an answer in prose, so that nobody takes a rehearsal for the real thing. */
export const sandboxNote = '_(Sandbox answer: no real model was called.)_';

/** What the text of an answer depends on. */
export interface TextQuestion {
  /** The text of the last message of the user. */
  readonly prompt: string;
  /** The text of the system and developer messages. */
  readonly instructions: string;
  /** The results of tools that stand after the last assistant message, oldest first. */
  readonly toolResults: readonly { readonly name: string; readonly content: string }[];
}

/** An answer to the question, in words; the same dice give the same words. */
export function textAnswerTo(question: TextQuestion, dice: Dice): string {
  if (question.toolResults.length > 0) return answerFromTools(question.toolResults);
  const verbatim = askedVerbatim(question.prompt);
  if (verbatim !== null) return verbatim;
  const prompt = excerptOf(question.prompt);
  const bare = wantsOnlyTheAnswer.test(prompt) || wantsOnlyTheAnswer.test(excerptOf(question.instructions));
  const fact = factualAnswer(prompt, bare);
  if (fact !== null) return bare ? fact : `${fact}\n\n${sandboxNote}`;
  return `${talk(prompt, dice)}\n\n${sandboxNote}`;
}

const wantsOnlyTheAnswer = /\b(only|just|nothing else|no explanation|single word|one word|terse)\b/i;

function factualAnswer(prompt: string, bare: boolean): string | null {
  const sum = sumIn(prompt);
  if (sum !== null) return bare ? sum.result : `${sum.expression} = ${sum.result}`;
  const fact = factIn(prompt);
  if (fact !== null) return bare ? fact.short : fact.sentence;
  return null;
}

function talk(prompt: string, dice: Dice): string {
  const trimmed = prompt.trim();
  if (
    /^(hi|hello|hey|hallo|good (morning|evening|afternoon))\b[\s\p{P}]*(there|you|world)?[\s\p{P}]*$/iu.test(trimmed)
  ) {
    return pick(dice, [
      'Hello! How can I help you today?',
      'Hi there! What can I do for you?',
      'Hello! What would you like to talk about?',
    ]);
  }
  if (/^(thanks|thank you)\b.{0,20}$/i.test(trimmed)) return 'You are welcome! Is there anything else I can help with?';
  if (/\b(who|what) are you\b|\bwhich model\b|\bwhat model\b/i.test(trimmed)) {
    return 'I am the sandbox that stands in for a language model while this gateway runs without a provider key.';
  }
  if (/\bjoke\b/i.test(trimmed)) {
    return pick(dice, [
      'Why did the developer go broke? Because he used up all his cache.',
      'There are two hard things in computing: naming things, cache invalidation, and off-by-one errors.',
      'I would tell you a joke about UDP, but you might not get it.',
    ]);
  }
  return proseAbout(topicsOf(trimmed), shapeOf(trimmed, dice), dice);
}

const verbatimOpening =
  /^\s{0,99}(?:please )?(?:say|repeat(?: after me)?|echo|print|output|reply|respond|answer)(?: with| back)?(?: (?:only|just|exactly|the words?|the phrase|the text|this|nothing but))*\s?:?\s/i;
const verbatimCue = /^\s{0,99}(?:please )?(?:say|repeat|echo)\b|\b(?:exactly|only|just|the words?|nothing but)\b|:\s/i;
const quoted = /^(["'`“])([^"'`“”]+)["'`”]/;
const longestVerbatimCharacters = 20_000;

/** `Say "pong"`, `reply with exactly: ready`, `repeat after me: …`: what was asked for, letter by letter. */
function askedVerbatim(prompt: string): string | null {
  const opening = verbatimOpening.exec(prompt)?.[0];
  if (opening === undefined || prompt.length > longestVerbatimCharacters) return null;
  const asked = prompt.slice(opening.length).trim();
  const inQuotes = quoted.exec(asked)?.[2];
  if (inQuotes !== undefined) return inQuotes;
  const bare = asked.replace(/ and nothing else[.!]?$/i, '').replace(/[.]$/, '');
  const isCued = verbatimCue.test(opening) && bare !== '' && !/\b(about|how|why|json|schema)\b/i.test(bare);
  return isCued ? bare : null;
}

function answerFromTools(results: TextQuestion['toolResults']): string {
  const told = results.map(({ name, content }) => `According to \`${name}\`: ${readable(content)}`);
  return `${told.join('\n\n')}\n\n${sandboxNote}`;
}

/** A tool's JSON as words (`location: Paris, temperature: 18`); any other text as it stands. */
function readable(content: string): string {
  const trimmed = content.trim();
  if (!/^[[{"]/.test(trimmed)) return trimmed;
  try {
    return sayValue(JSON.parse(trimmed));
  } catch {
    return trimmed;
  }
}

function sayValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(sayValue).join('; ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(
      ([key, item]) =>
        `${key.replace(/_/g, ' ')}: ${typeof item === 'object' && item !== null ? `(${sayValue(item)})` : sayValue(item)}`,
    )
    .join(', ');
}
