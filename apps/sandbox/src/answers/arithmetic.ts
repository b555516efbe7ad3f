/** A question with one right number: how it reads, and the number. */
export interface Sum {
  readonly expression: string;
  readonly result: string;
}

const worded: readonly (readonly [RegExp, string])[] = [
  [/\bsquare root of\s+(\d+(?:\.\d+)?)/gi, '($1 ^ 0.5)'],
  [/\b(?:the )?sum of\s+(-?[\d.]+)\s+and\s+(-?[\d.]+)/gi, '$1 + $2'],
  [/\b(?:the )?product of\s+(-?[\d.]+)\s+and\s+(-?[\d.]+)/gi, '$1 * $2'],
  [/\badd\s+(-?[\d.]+)\s+(?:and|to)\s+(-?[\d.]+)/gi, '$1 + $2'],
  [/\bmultiply\s+(-?[\d.]+)\s+(?:by|and|with)\s+(-?[\d.]+)/gi, '$1 * $2'],
  [/\bdivide\s+(-?[\d.]+)\s+by\s+(-?[\d.]+)/gi, '$1 / $2'],
  [/\bsubtract\s+(-?[\d.]+)\s+from\s+(-?[\d.]+)/gi, '$2 - $1'],
  [/(\d)\s+plus\s+(?=-?[\d(])/gi, '$1 + '],
  [/(\d)\s+minus\s+(?=-?[\d(])/gi, '$1 - '],
  [/(\d)\s+(?:times|multiplied by)\s+(?=-?[\d(])/gi, '$1 * '],
  [/(\d)\s+(?:divided by|over)\s+(?=-?[\d(])/gi, '$1 / '],
  [/(\d)\s+to the power of\s+(?=-?[\d(])/gi, '$1 ^ '],
  [/(\d)\s+squared\b/gi, '$1 ^ 2'],
  [/(\d)\s*[x×]\s*(?=\d)/gi, '$1 * '],
  [/÷/g, ' / '],
  [/\*\*/g, '^'],
  [/(\d),(?=\d{3}\b)/g, '$1'],
];

const questionCue = /\b(what(?:'s| is| are)?|how much|calculate|compute|evaluate|solve|result|answer)\b|=|\?/i;
const onlyAnExpression = /^[\s\d.()+\-*/^]+$/;
const looksLikeDate = /\b\d{4}-\d{1,2}-\d{1,2}\b/;
const candidate = /[-(]*\d[\d.\s()+\-*/^]*/g;

/** The arithmetic a text asks for, worked out; null when it asks for none. */
export function sumIn(text: string): Sum | null {
  let plain = text;
  for (const [pattern, replacement] of worded) plain = plain.replace(pattern, replacement);
  const wasWorded = plain !== text;
  if (!wasWorded && !questionCue.test(text) && !onlyAnExpression.test(text)) return null;
  if (looksLikeDate.test(text)) return null;
  for (const [found] of plain.matchAll(candidate)) {
    const expression = found.trim().replace(/[.\s]+$/, '');
    if (!/\d[\d.\s)]*[+\-*/^]/.test(expression)) continue;
    const value = evaluate(expression);
    if (value !== null && Number.isFinite(value)) return { expression: spaced(expression), result: written(value) };
  }
  return null;
}

function spaced(expression: string): string {
  const root = /^\((\d+(?:\.\d+)?) \^ 0\.5\)$/.exec(expression);
  if (root?.[1] !== undefined) return `√${root[1]}`;
  return expression
    .replace(/\s*([+\-*/^])\s*/g, ' $1 ')
    .replace(/\*/g, '×')
    .trim();
}

function written(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** Recursive descent over + - * / ^ and brackets; null when the text is not an expression. */
function evaluate(expression: string): number | null {
  const parts = expression.match(/\d+(?:\.\d+)?|[()+\-*/^]/g) ?? [];
  let at = 0;
  const sum = (): number => {
    let value = product();
    while (parts[at] === '+' || parts[at] === '-') value = parts[at++] === '+' ? value + product() : value - product();
    return value;
  };
  const product = (): number => {
    let value = power();
    while (parts[at] === '*' || parts[at] === '/') value = parts[at++] === '*' ? value * power() : value / power();
    return value;
  };
  const power = (): number => {
    const base = single();
    if (parts[at] !== '^') return base;
    at += 1;
    return base ** power();
  };
  const single = (): number => {
    const part = parts[at++];
    if (part === '-') return -single();
    if (part !== '(') return Number(part);
    const value = sum();
    return parts[at++] === ')' ? value : Number.NaN;
  };
  const value = sum();
  return at === parts.length && !Number.isNaN(value) ? value : null;
}
