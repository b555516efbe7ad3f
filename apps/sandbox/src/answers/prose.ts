import { type Dice, pick, shuffled } from './dice.js';
import type { Topics } from './topics.js';

/** How long and in which shape a prompt asks to be answered. */
export interface Shape {
  readonly words: number;
  readonly form: 'paragraphs' | 'steps' | 'bullets' | 'haiku' | 'code';
  readonly items: number;
}

/** Reads the asked length and form out of a prompt. */
export function shapeOf(text: string, dice: Dice): Shape {
  const items = Math.min(20, Number(/\b(?:list|give me|name|top)\s+(\d{1,2})\b/i.exec(text)?.[1] ?? 3));
  const asked = /\b(\d{1,5})[ -]words?\b/i.exec(text)?.[1];
  const form = formOf(text, dice);
  if (asked !== undefined) return { words: Math.min(8_000, Number(asked)), form, items };
  if (/\b(one|single|1) sentence\b|\bbriefly\b|\bin short\b|\bterse\b/i.test(text))
    return { words: 14, form: 'paragraphs', items };
  if (/\b(essay|in detail|detailed|long|thorough|comprehensive|article)\b/i.test(text))
    return { words: 420, form, items };
  return { words: 55 + Math.floor(dice() * 60), form, items };
}

function formOf(text: string, dice: Dice): Shape['form'] {
  if (/\bhaiku\b/i.test(text)) return 'haiku';
  if (
    /\b(code|function|script|snippet|program)\b/i.test(text) &&
    /\b(write|show|give|create|implement|example)\b/i.test(text)
  )
    return 'code';
  if (/\bhow (do|does|to|can|should)\b|\bsteps?\b|\brecipe\b/i.test(text)) return 'steps';
  if (/\b(list|bullets?|ideas|options|reasons|pros and cons|name \d|top \d)\b/i.test(text)) return 'bullets';
  return dice() < 0.25 ? 'bullets' : 'paragraphs';
}

const openers = [
  (subject: string) => `Here is a useful way to think about ${subject}.`,
  (subject: string) => `The short version: ${subject} makes most sense once you look at what it is for.`,
  (subject: string) => `Good question. With ${subject}, a few points matter more than the rest.`,
  (subject: string) => `Let us take ${subject} one piece at a time.`,
] as const;

const sentences: readonly ((word: string, other: string) => string)[] = [
  (word, other) => `Start with ${word}, because it decides how much room is left for ${other}.`,
  (word, other) => `In practice ${word} and ${other} are rarely separate: a change in one shows up in the other.`,
  (word) => `People who work with ${word} every day tend to keep it simple and measure often.`,
  (word, other) => `A common mistake is to treat ${word} as fixed while everything around ${other} is still moving.`,
  (word) => `It helps to write down what you expect from ${word} before you try it.`,
  (word, other) => `If you compare two options, look at ${word} first and at ${other} only when the first is equal.`,
  (word) => `Small experiments with ${word} teach more than a long plan does.`,
  (word, other) => `Over time ${word} becomes easier, while ${other} needs regular attention.`,
  (word) => `There is no single right answer for ${word}; the context sets the limits.`,
  (word, other) => `When ${word} goes wrong, the cause is often found one step earlier, in ${other}.`,
  (word) => `For most purposes a modest amount of ${word} is enough.`,
  (word, other) => `Ask who depends on ${word}, and what they would notice if ${other} were different tomorrow.`,
  (word) => `The details of ${word} matter most at the edges, where ordinary rules stop fitting.`,
  (word, other) => `Taken together, ${word} and ${other} explain most of what you will see.`,
];

const closers = [
  (subject: string) => `If you tell me more about your situation, I can be more specific about ${subject}.`,
  (subject: string) => `That should be enough to get going with ${subject}.`,
  (subject: string) => `Keep an eye on how ${subject} develops and adjust as you learn.`,
] as const;

/** Text about the topics in the asked shape: sentences that hold together, always the same for the same dice. */
export function proseAbout(topics: Topics, shape: Shape, dice: Dice): string {
  const sentence = sentenceSource(topics, dice);
  switch (shape.form) {
    case 'haiku':
      return haikuAbout(topics);
    case 'code':
      return codeAbout(topics, sentence);
    case 'steps':
      return itemised(topics, shape, dice, sentence, (index) => `${index + 1}. `);
    case 'bullets':
      return itemised(topics, shape, dice, sentence, () => '- ');
    case 'paragraphs':
      return paragraphs(topics, shape, dice, sentence);
  }
}

type SentenceSource = () => string;

function sentenceSource(topics: Topics, dice: Dice): SentenceSource {
  let queue: ((word: string, other: string) => string)[] = [];
  let turn = Math.floor(dice() * topics.words.length);
  return () => {
    if (queue.length === 0) queue = shuffled(dice, sentences);
    const word = topics.words[turn % topics.words.length] ?? topics.subject;
    const other = topics.words[(turn + 1) % topics.words.length] ?? topics.subject;
    turn += 1;
    return (queue.pop() ?? openers[0])(word, other === word ? 'the rest' : other);
  };
}

function paragraphs(topics: Topics, shape: Shape, dice: Dice, sentence: SentenceSource): string {
  const blocks: string[] = [];
  let current: string[] = [pick(dice, openers)(topics.subject)];
  let words = countWords(current[0] ?? '');
  while (words < shape.words - 8) {
    const next = sentence();
    words += countWords(next);
    current.push(next);
    if (current.length >= 4) {
      blocks.push(current.join(' '));
      current = [];
    }
  }
  if (shape.words > 30) current.push(pick(dice, closers)(topics.subject));
  blocks.push(current.join(' '));
  return blocks.filter((block) => block !== '').join('\n\n');
}

function itemised(
  topics: Topics,
  shape: Shape,
  dice: Dice,
  sentence: SentenceSource,
  mark: (index: number) => string,
): string {
  const count = Math.max(shape.items, Math.min(400, Math.round(shape.words / 18)));
  const items = Array.from({ length: count }, (_, index) => {
    const word = topics.words[index % topics.words.length] ?? topics.subject;
    return `${mark(index)}**${word.charAt(0).toUpperCase()}${word.slice(1)}**: ${sentence()}`;
  });
  return `${pick(dice, openers)(topics.subject)}\n\n${items.join('\n')}\n\n${pick(dice, closers)(topics.subject)}`;
}

function haikuAbout(topics: Topics): string {
  return `Morning light arrives,\n${topics.subject} waits without a sound,\nthe river moves on.`;
}

function codeAbout(topics: Topics, sentence: SentenceSource): string {
  const name =
    topics.words
      .slice(0, 3)
      .join('_')
      .toLowerCase()
      .replace(/[^a-z\d_]/g, '') || 'answer';
  return [
    `Here is a small example for ${topics.subject}:`,
    `\`\`\`python\ndef ${name}(items):\n    """Return the items that are not empty, in order."""\n    return [item for item in items if item]\n\n\nprint(${name}(["a", "", "b"]))  # ['a', 'b']\n\`\`\``,
    sentence(),
  ].join('\n\n');
}

function countWords(text: string): number {
  return text.split(/\s+/).length;
}
