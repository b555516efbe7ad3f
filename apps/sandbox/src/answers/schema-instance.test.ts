import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { diceOf } from './dice.js';
import { hintsOf, instanceOf } from './schema-instance.js';

const seed = 20_261_120;
const make = (schema: unknown, text = 'Tell me about harbours') => instanceOf(schema, hintsOf(text), diceOf('test'));

/** Any schema of the kind structured outputs allow; depth is bounded by fast-check. */
const anySchema = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ type: fc.constant('string'), minLength: fc.nat(8), maxLength: fc.integer({ min: 8, max: 60 }) }),
    fc.constantFrom(
      { type: 'string', format: 'email' },
      { type: 'string', format: 'uuid' },
      { type: 'string', format: 'date' },
    ),
    fc
      .constantFrom('^[a-f0-9]{8}-\\d{2,4}$', '^(red|green)\\s[A-Z][^x]?$', '^\\w+@[a-z]+\\.(com|org)$')
      .map((pattern) => ({ type: 'string', pattern })),
    fc.record({
      type: fc.constant('integer'),
      minimum: fc.integer({ min: -50, max: 0 }),
      maximum: fc.integer({ min: 0, max: 50 }),
    }),
    fc.record({
      type: fc.constant('number'),
      exclusiveMinimum: fc.integer({ min: -5, max: 5 }),
      maximum: fc.integer({ min: 6, max: 9 }),
    }),
    fc.record({ type: fc.constant('integer'), minimum: fc.constant(1), multipleOf: fc.integer({ min: 2, max: 7 }) }),
    fc.constantFrom({ type: 'boolean' }, { type: 'null' }, { const: 'fixed' }),
    fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }).map((values) => ({ enum: values })),
    fc.record({
      type: fc.constant('array'),
      items: tie('schema'),
      minItems: fc.nat(3),
      maxItems: fc.integer({ min: 3, max: 5 }),
    }),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('schema'), { maxKeys: 4 }).map((properties) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).slice(0, 2),
      additionalProperties: false,
    })),
  ),
}));

test(`every instance is valid against its schema (seed ${seed})`, () => {
  fc.assert(
    fc.property(anySchema.schema, fc.string(), (schema, text) => {
      const instance = make(schema, text);
      const checked = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(instance);
      if (!checked.success)
        throw new Error(`${JSON.stringify(instance)} against ${JSON.stringify(schema)}: ${checked.error.message}`);
    }),
    { seed, numRuns: 400 },
  );
});

test('names, numbers and choices come from the prompt', () => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      age: { type: 'integer' },
      city: { type: 'string' },
      unit: { enum: ['celsius', 'fahrenheit'] },
    },
    required: ['name', 'age', 'city', 'unit'],
  };
  expect(make(schema, 'A person named Alice who is 30, lives in Paris and prefers Fahrenheit')).toEqual({
    name: 'Alice',
    age: 30,
    city: 'Paris',
    unit: 'fahrenheit',
  });
});

test('references are followed, and a recursive schema ends', () => {
  const schema = {
    type: 'object',
    properties: { root: { $ref: '#/$defs/node' } },
    required: ['root'],
    $defs: {
      node: {
        type: 'object',
        properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
        required: ['value', 'next'],
      },
    },
  };
  const text = JSON.stringify(make(schema));
  expect(text).toContain('"next":null');
  expect(text.length).toBeLessThan(2_000);
});

test('allOf is put together', () => {
  const part = (key: string) => ({ type: 'object', properties: { [key]: { type: 'boolean' } }, required: [key] });
  expect(make({ allOf: [part('a'), part('b')] })).toEqual({ a: true, b: true });
});
