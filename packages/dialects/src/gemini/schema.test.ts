import { describe, expect, it } from 'vitest';
import { fromGoogleSchema, toGoogleSchema } from './schema.js';

/** Of five: what the code takes, and not what other programs of the machine took meanwhile. */
function fastestMs(work: () => unknown): number {
  const taken = Array.from({ length: 5 }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...taken);
}

describe('towards models that take only Google’s subset', () => {
  it('T06: references are resolved, and a cycle ends', () => {
    const schema = {
      $ref: '#/$defs/Node',
      $defs: {
        Node: {
          type: 'object',
          properties: { name: { type: 'string' }, next: { $ref: '#/$defs/Node' } },
          required: ['name', 'next'],
        },
      },
    };
    const { schema: converted, dropped } = toGoogleSchema(schema);
    expect(fastestMs(() => toGoogleSchema(schema))).toBeLessThan(50);
    expect(converted).toMatchObject({
      type: 'OBJECT',
      properties: { name: { type: 'STRING' }, next: { type: 'OBJECT' } },
      required: ['name', 'next'],
    });
    expect(dropped).toEqual(['$ref']);
    expect(JSON.stringify(converted)).not.toContain('$');
  });

  it.each([
    ['two that name each other', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
    ['itself', { $ref: '#' }],
    ['itself by its members', { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' }, c: { $ref: '#' } } }],
    ['a union of itself', { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }] }],
    ['all of itself', { allOf: [{ $ref: '#' }, { type: 'object' }] }],
    [
      'a bomb of thirty doublings',
      {
        $ref: '#/$defs/l0',
        $defs: Object.fromEntries(
          Array.from({ length: 31 }, (_, at) => [
            `l${at}`,
            { type: 'object', properties: { a: { $ref: `#/$defs/l${at + 1}` }, b: { $ref: `#/$defs/l${at + 1}` } } },
          ]),
        ),
      },
    ],
    [
      'very deep',
      Array.from({ length: 120 }).reduce<object>((inner) => ({ type: 'object', properties: { x: inner } }), {
        type: 'string',
      }),
    ],
  ])('T06: %s ends in less than 50 ms', (_name, schema) => {
    const { dropped } = toGoogleSchema(schema as Record<string, unknown>);
    expect(fastestMs(() => toGoogleSchema(schema as Record<string, unknown>))).toBeLessThan(50);
    expect(dropped).toContain('$ref');
  });

  it('T13: lists of types, unions, constants and empty enumerations', () => {
    const { schema, dropped } = toGoogleSchema({
      type: 'object',
      properties: {
        a: { type: ['string', 'integer', 'null'] },
        b: { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'text or nothing' },
        c: { anyOf: [{ type: 'string' }, { type: 'number' }], description: 'one of two', default: 1 },
        d: { const: 'x' },
        e: { type: 'string', enum: [] },
        f: { type: 'array' },
      },
      required: ['a', 'nobody'],
      patternProperties: { x: {} },
    });
    expect(schema).toEqual({
      type: 'OBJECT',
      properties: {
        a: { nullable: true, anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] },
        b: { type: 'STRING', description: 'text or nothing', nullable: true },
        c: {
          anyOf: [
            { type: 'STRING', description: 'one of two', default: 1 },
            { type: 'NUMBER', description: 'one of two', default: 1 },
          ],
        },
        d: { type: 'STRING', enum: ['x'] },
        e: { type: 'STRING' },
        f: { type: 'ARRAY', items: { type: 'STRING' } },
      },
      required: ['a'],
    });
    expect(dropped).toEqual(['patternProperties', 'enum']);
  });
});

describe('from a caller who writes Google’s subset', () => {
  it('it is a JSON schema afterwards, in the order that was asked for', () => {
    const schema = fromGoogleSchema({
      type: 'OBJECT',
      properties: {
        b: { type: 'STRING', format: 'enum', enum: ['x'] },
        a: { type: 'ARRAY', items: { type: 'INTEGER', nullable: true }, minItems: '2' },
      },
      propertyOrdering: ['a', 'b'],
    });
    expect(schema).toEqual({
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: ['integer', 'null'] }, minItems: 2 },
        b: { type: 'string', enum: ['x'] },
      },
    });
    expect(Object.keys(schema['properties'] as object)).toEqual(['a', 'b']);
  });

  it('a JSON schema stays what it is', () => {
    const schema = {
      type: 'object',
      properties: { type: { type: 'string' } },
      $defs: { A: { type: 'string' } },
      additionalProperties: false,
    };
    expect(fromGoogleSchema(schema)).toEqual(schema);
  });
});
