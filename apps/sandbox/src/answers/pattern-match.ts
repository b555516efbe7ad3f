import { type Dice, rollBetween } from './dice.js';

/** Where in a pattern the reader stands. */
interface Reader {
  readonly pattern: string;
  at: number;
}

type Maker = () => string;

const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
const classes: Readonly<Record<string, readonly string[]>> = {
  d: [...'0123456789'],
  w: [...'abcdefghijklmnopqrstuvwxyz0123456789_'],
  s: [' '],
  D: [...'abcdefghij'],
  W: ['-', '.'],
  S: [...'abcdefghij'],
};

/**
 * A string the regular expression matches: literals, classes, groups, alternatives and counted repeats.
 * Null when the expression uses more than that (look-around, back-references), which the caller must survive.
 */
export function matchOf(pattern: string, dice: Dice): string | null {
  try {
    const made = alternatives({ pattern, at: 0 }, dice)();
    return new RegExp(pattern, 'u').test(made) ? made : null;
  } catch {
    return null;
  }
}

function alternatives(reader: Reader, dice: Dice): Maker {
  const choices: Maker[] = [sequence(reader, dice)];
  while (reader.pattern[reader.at] === '|') {
    reader.at += 1;
    choices.push(sequence(reader, dice));
  }
  return () => (choices[rollBetween(dice, 0, choices.length - 1)] ?? (() => ''))();
}

function sequence(reader: Reader, dice: Dice): Maker {
  const parts: Maker[] = [];
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== '|' && reader.pattern[reader.at] !== ')') {
    parts.push(repeated(single(reader, dice), reader, dice));
  }
  return () => parts.map((part) => part()).join('');
}

function single(reader: Reader, dice: Dice): Maker {
  const sign = reader.pattern[reader.at++];
  switch (sign) {
    case '^':
    case '$':
      return () => '';
    case '(':
      return group(reader, dice);
    case '[':
      return oneOf(bracketClass(reader), dice);
    case '.':
      return oneOf(classes['w'] ?? [], dice);
    case '\\':
      return oneOf(escaped(reader.pattern[reader.at++] ?? ''), dice);
    default:
      return () => sign ?? '';
  }
}

function group(reader: Reader, dice: Dice): Maker {
  const opening = /^\?(?::|<[A-Za-z]\w*>)/.exec(reader.pattern.slice(reader.at))?.[0] ?? '';
  if (opening === '' && reader.pattern[reader.at] === '?') throw new Error('look-around is not made');
  reader.at += opening.length;
  const inner = alternatives(reader, dice);
  reader.at += 1;
  return inner;
}

function repeated(part: Maker, reader: Reader, dice: Dice): Maker {
  const counted = /^(?:\{(\d+)(,?)(\d*)\}|[*+?])\??/.exec(reader.pattern.slice(reader.at));
  if (counted === null) return part;
  reader.at += counted[0].length;
  const [least, most] = boundsOf(counted);
  return () => Array.from({ length: rollBetween(dice, least, most) }, part).join('');
}

function boundsOf(counted: RegExpExecArray): readonly [number, number] {
  switch (counted[0][0]) {
    case '*':
      return [0, 3];
    case '+':
      return [1, 4];
    case '?':
      return [0, 1];
    default: {
      const least = Number(counted[1]);
      if (counted[2] === '') return [least, least];
      return [least, counted[3] === '' ? least + 3 : Number(counted[3])];
    }
  }
}

function bracketClass(reader: Reader): readonly string[] {
  const members = new Set<string>();
  const negated = reader.pattern[reader.at] === '^';
  if (negated) reader.at += 1;
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== ']') {
    const first = classMember(reader);
    const isRange = reader.pattern[reader.at] === '-' && reader.pattern[reader.at + 1] !== ']' && first.length === 1;
    if (!isRange) for (const member of first) members.add(member);
    else {
      reader.at += 1;
      const last = classMember(reader)[0] ?? '';
      for (let code = first[0]?.charCodeAt(0) ?? 0; code <= last.charCodeAt(0); code += 1)
        members.add(String.fromCharCode(code));
    }
  }
  reader.at += 1;
  return negated ? printable.filter((character) => !members.has(character)) : [...members];
}

function classMember(reader: Reader): readonly string[] {
  const sign = reader.pattern[reader.at++] ?? '';
  return sign === '\\' ? escaped(reader.pattern[reader.at++] ?? '') : [sign];
}

function escaped(letter: string): readonly string[] {
  if (/[bBpPk1-9u x]/.test(letter)) throw new Error('this escape is not made');
  return classes[letter] ?? [{ n: '\n', t: '\t', r: '\r' }[letter] ?? letter];
}

function oneOf(members: readonly string[], dice: Dice): Maker {
  if (members.length === 0) throw new Error('an empty class matches nothing');
  return () => members[rollBetween(dice, 0, members.length - 1)] ?? '';
}
