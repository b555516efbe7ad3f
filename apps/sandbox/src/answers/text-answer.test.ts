import { describe, expect, test } from 'vitest';
import { sumIn } from './arithmetic.js';
import { diceOf } from './dice.js';
import { jsonAnswerTo } from './json-answer.js';
import { sandboxNote, textAnswerTo } from './text-answer.js';

const answer = (prompt: string, instructions = '') =>
  textAnswerTo({ prompt, instructions, toolResults: [] }, diceOf(prompt));

test.each([
  ['What is 2+2?', '4'],
  ['what is 17 * 23', '391'],
  ['Calculate (3 + 4) * 2 - 5 / 2.', '11.5'],
  ['How much is 12 divided by 5?', '2.4'],
  ['what is two plus two', null],
  ["What's 1,000 plus 250?", '1250'],
  ['What is the square root of 64?', '8'],
  ['What is 2 to the power of 10?', '1024'],
  ['What is -3 + 10?', '7'],
  ['2^3^2', '512'],
  ['What is 0.1 + 0.2?', '0.3'],
  ['What happened on 2024-01-02?', null],
  ['What is 5 / 0?', null],
  ['Tell me about room 5-10', null],
])('%s is %s', (question, result) => {
  expect(sumIn(question)?.result ?? null).toBe(result);
});

describe('an answer in words', () => {
  test('says what it was asked to say, letter by letter', () => {
    expect(answer('Say "pong"')).toBe('pong');
    expect(answer('Reply with exactly: ready')).toBe('ready');
    expect(answer('repeat after me: Ünïcode  👍')).toBe('Ünïcode  👍');
    expect(answer('Please answer with the word yes and nothing else.')).toBe('yes');
  });

  test('is bare when only the answer is wanted, and otherwise says that no real model spoke', () => {
    expect(answer('What is 6 * 7? Only the number.')).toBe('42');
    expect(answer('What is the capital of Japan? One word.')).toBe('Tokyo');
    expect(answer('What is the capital of Japan?')).toBe(`The capital of Japan is Tokyo.\n\n${sandboxNote}`);
    expect(answer('Tell me about volcanoes')).toContain(sandboxNote);
  });

  test('has about the length and the form asked for', () => {
    const words = answer('Write 300 words about the history of tea').split(/\s+/).length;
    expect(words).toBeGreaterThan(260);
    expect(words).toBeLessThan(360);
    expect(answer('How do I repair a bicycle tyre?')).toMatch(/^1\. \*\*/m);
    expect(answer('List 5 ideas for a garden').match(/^- /gm)).toHaveLength(5);
    expect(answer('Write a python function that sorts names')).toContain('```python');
  });

  test('survives any input', () => {
    for (const prompt of ['', ' ', '???', '\u0000', '({[', 'a'.repeat(100_000), '{'.repeat(20_000)])
      expect(answer(prompt)).toBeTruthy();
  });
});

test('hostile prompts of 200 KB are answered without quadratic work', () => {
  const size = 200_000;
  for (const unit of ['say ', ' ', '1', '1+', '(', 'Aa ', '"', '{"properties":', 'key "a" and ', '1,000', '5 - - ']) {
    const prompt = `what is ${unit.repeat(size / unit.length)}`;
    const startedAt = performance.now();
    expect(answer(prompt)).toBeTruthy();
    expect(jsonAnswerTo({ prompt, instructions: prompt, toolResults: [] }, null, diceOf('x'))).toBeTruthy();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  }
});

describe('an answer in JSON', () => {
  const json = (prompt: string, instructions = '') =>
    JSON.parse(jsonAnswerTo({ prompt, instructions, toolResults: [] }, null, diceOf(prompt)));

  test('has the keys the prompt names', () => {
    expect(json('What is the square root of 64? Answer with a JSON object with the key `result`.')).toEqual({
      result: 8,
    });
  });

  test('follows a schema written in the instructions', () => {
    const schema = '{"properties": {"city": {"type": "string"}}, "required": ["city"], "type": "object"}';
    expect(
      json(
        'The largest city of the country?',
        `Always respond with JSON of this schema:\n\n${schema}\n\nNothing else.`,
      ),
    ).toHaveProperty('city');
  });

  test('survives braces that are no schema, quickly', () => {
    const startedAt = performance.now();
    expect(json('{'.repeat(50_000))).toBeTypeOf('object');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
