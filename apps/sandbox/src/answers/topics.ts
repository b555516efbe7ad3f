import { excerptOf } from './excerpt.js';

const stopWords = new Set(
  (
    'a about above after again against all also am an and any are as at be because been before being below between both but by can ' +
    'could did do does doing done down during each else ever every few first for from further get give given go going had has have ' +
    'having he her here hers him his how i if in into is it its itself just kind know let like list look make many may me might more ' +
    'most much must my need no nor not now of off on once one only or other our out over own please put same say see shall she should ' +
    'show so some such tell than thank thanks that the their them then there these they thing things this those through to too under ' +
    'until up us use used using very want was way we well were what when where which while who whom why will with within without word ' +
    'words would write you your yours hi hello hey answer question explain describe summarize summarise discuss create generate help ' +
    "short long brief briefly detail details detailed sentence sentences paragraph paragraphs it's i'm what's don't let's reply respond"
  ).split(' '),
);

/** What a prompt is about: its longest run of telling words, and every telling word once. */
export interface Topics {
  readonly subject: string;
  readonly words: readonly [string, ...string[]];
}

/** The telling words of a text, in order of appearance; never empty. */
export function topicsOf(text: string): Topics {
  const runs: string[][] = [[]];
  for (const word of excerptOf(text).split(/\s+/)) {
    const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    if (bare === '' || bare.length > 40 || stopWords.has(bare.toLowerCase())) runs.push([]);
    else {
      runs.at(-1)?.push(bare);
      if (/[.,;:!?)]$/.test(word)) runs.push([]);
    }
  }
  const telling = runs.filter((run) => run.length > 0);
  const longest = telling.reduce<string[]>((best, run) => (run.length > best.length ? run : best), []);
  const distinct = [...new Map(telling.flat().map((word) => [word.toLowerCase(), word])).values()];
  const [first, ...rest] = distinct;
  if (first === undefined) return { subject: 'your question', words: ['context'] };
  return { subject: longest.slice(0, 4).join(' '), words: [first, ...rest.slice(0, 11)] };
}

/** Names, places and other capitalised runs of a text that do not merely open a sentence. */
export function properNamesIn(text: string): string[] {
  const found = text.matchAll(/(?<=[\p{L}\d,:"'(]\s*["'(]?)\b(\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*)/gu);
  return [...new Set([...found].map((match) => match[1] ?? ''))].filter(
    (name) => name !== 'I' && name !== '' && !stopWords.has(name.toLowerCase()),
  );
}

/** The numbers of a text, in order. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/(?<![\w.])-?\d+(?:\.\d+)?(?![\w])/g)].map(([number]) => Number(number));
}

/** The words of an identifier (`get_user_country`, `getUserCountry`), lower case. */
export function wordsOfIdentifier(identifier: string): string[] {
  return identifier
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** Whether a word says something by itself. */
export function isTelling(word: string): boolean {
  return word.length > 2 && !stopWords.has(word.toLowerCase());
}
