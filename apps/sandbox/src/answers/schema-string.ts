import { sumIn } from './arithmetic.js';
import { type Dice, rollBetween } from './dice.js';
import { matchOf } from './pattern-match.js';
import type { Hints, Schema } from './schema-instance.js';

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** A string valid against the schema's format, pattern and lengths, taken from the prompt where it fits. */
export function stringFor(schema: Schema, name: string, hints: Hints, dice: Dice): string {
  const format = schema['format'];
  if (typeof format === 'string') {
    const formatted = ofFormat(format, dice);
    if (formatted !== null) return formatted;
  }
  const pattern = schema['pattern'];
  if (typeof pattern === 'string') return matchOf(pattern, dice) ?? '';
  return ofLength(meaning(schema, name.toLowerCase(), hints), schema);
}

function ofFormat(format: string, dice: Dice): string | null {
  const day = String(rollBetween(dice, 1, 28)).padStart(2, '0');
  switch (format) {
    case 'date':
      return `2026-11-${day}`;
    case 'date-time':
      return `2026-11-${day}T09:30:00Z`;
    case 'time':
      return '09:30:00Z';
    case 'duration':
      return 'P3D';
    case 'email':
      return 'ada@example.com';
    case 'hostname':
      return 'example.com';
    case 'ipv4':
      return '192.0.2.17';
    case 'ipv6':
      return '2001:db8::17';
    case 'uuid':
      return `00000000-0000-4000-8000-${String(rollBetween(dice, 0, 999_999_999)).padStart(12, '0')}`;
    case 'uri':
    case 'url':
      return 'https://example.com/';
    default:
      return null;
  }
}

const examplesByName: readonly (readonly [RegExp, string])[] = [
  [/date|day|when/, '2026-11-20'],
  [/time/, '09:30'],
  [/mail/, 'ada@example.com'],
  [/url|link|uri/, 'https://example.com/'],
  [/phone/, '+1 555 0100'],
  [/currency/, 'USD'],
  [/country/, 'France'],
  [/city|location|place|town/, 'Paris'],
  [/author|name|person|user|who/, 'Ada Lovelace'],
  [/unit/, 'celsius'],
  [/lang/, 'en'],
  [/id$/, 'item-1'],
];

function meaning(schema: Schema, name: string, hints: Hints): string {
  if (/expression|result|answer|calculation|formula/.test(name)) {
    const sum = sumIn(hints.text);
    if (sum !== null) return /expression|calculation|formula/.test(name) ? sum.expression : sum.result;
  }
  if (/query|question|prompt|text|message|search|input/.test(name)) return hints.text.trim().slice(0, 200);
  const wantsName =
    /city|location|place|town|country|name|person|author|who|title|to|from|address|destination|origin/.test(name);
  const proper = wantsName ? hints.names.shift() : undefined;
  if (proper !== undefined) return proper;
  const example = examplesByName.find(([pattern]) => pattern.test(name))?.[1];
  if (example !== undefined) return example;
  const described =
    typeof schema['description'] === 'string'
      ? /(?:e\.g\.|for example|such as|like)[:,]?\s+["'`]?([^"'`.;)]{1,60})/i.exec(schema['description'])
      : null;
  return described?.[1]?.trim() ?? hints.words.shift() ?? hints.subject;
}

function ofLength(text: string, schema: Schema): string {
  const shortest = Number(schema['minLength'] ?? 0);
  const longest = Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY);
  const cut = [...text].slice(0, Math.min(longest, 100_000)).join('');
  const missing = shortest - [...cut].length;
  return missing > 0 ? cut + letters.repeat(Math.ceil(missing / letters.length)).slice(0, missing) : cut;
}
