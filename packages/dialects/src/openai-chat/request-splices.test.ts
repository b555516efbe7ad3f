import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEnvelope } from './request.js';
import { REQUEST_SPLICES, type RequestEdits, spliceRequest } from './request-splices.js';

const SEED = 20_261_120;
const EDITS: RequestEdits = { model: 'gpt-4o-mini-2024-07-18', includeUsage: true, forceStoreFalse: true };

function splice(body: string, edits: Partial<RequestEdits> = {}): string {
  const bytes = Buffer.from(body);
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) throw new Error(decoded.failure.message);
  return Buffer.concat(spliceRequest(bytes, decoded.envelope, { ...EDITS, ...edits })).toString('utf8');
}

const REST = '"messages":[{"role":"user","content":"hi"}]';

test('these are all the edits there are', () => {
  expect(REQUEST_SPLICES.map(({ name }) => name)).toEqual([
    'model',
    'max_tokens',
    'max_completion_tokens',
    'stream_options',
    'store',
    'safety_identifier',
    'user',
    'rejected fields',
    'messages',
  ]);
});

describe('each splice', () => {
  test.each([
    [`{"top_a":1,"model":"m",${REST}}`, `{"model":"p",${REST}}`],
    [`{"model":"m", "top_a":1, "plugins":[{"id":"web"}],${REST}}`, `{"model":"p", ${REST}}`],
    [`{"model":"m",${REST}, "top_a":1 , "plugins":[] }`, `{"model":"p",${REST} }`],
    [`{"top_a":1,"model":"m","plugins":[],${REST},"top_a2":2}`, `{"model":"p",${REST},"top_a2":2}`],
    [`{"plugins":1,${REST},"model":"m"}`, `{${REST},"model":"p"}`],
    [`{${REST},"model":"m","top_\\u0061":1}`, `{${REST},"model":"p"}`],
  ])('rejected fields go with their commas: %s', (before, after) => {
    expect(splice(before, { model: 'p', rejectedFields: ['top_a', 'plugins', 'model', 'messages'] })).toBe(after);
  });

  test('messages are written anew where they are given', () => {
    expect(splice(`{"model":"m",${REST},"n":1}`, { model: 'p', messages: '[]' })).toBe(
      '{"model":"p","messages":[],"n":1}',
    );
  });

  test('the model is replaced', () => {
    expect(splice(`{"model":"openai/gpt-4o-mini",${REST}}`)).toBe(`{"model":"gpt-4o-mini-2024-07-18",${REST}}`);
  });

  test('usage is asked for in streams only', () => {
    expect(splice(`{"model":"m",${REST},"stream":true}`)).toBe(
      `{"model":"gpt-4o-mini-2024-07-18","stream_options":{"include_usage":true},${REST},"stream":true}`,
    );
    expect(splice(`{"model":"m",${REST},"stream":false}`)).not.toContain('stream_options');
  });

  test.each([
    ['{"include_usage":false}', '{"include_usage":true}'],
    ['{ "include_usage" : null , "x":1}', '{ "include_usage" : true , "x":1}'],
    ['{"include_obfuscation":false}', '{"include_usage":true,"include_obfuscation":false}'],
    ['{ }', '{"include_usage":true }'],
    ['{"include_usag\\u0065":false}', '{"include_usag\\u0065":true}'],
    ['{"include_usage":true}', '{"include_usage":true}'],
    ['null', '{"include_usage":true}'],
  ])('stream_options %s becomes %s', (before, after) => {
    expect(splice(`{"model":"m",${REST},"stream":true,"stream_options":${before}}`)).toContain(
      `"stream_options":${after}}`,
    );
  });

  test.each([
    [
      `{"model":"m","stream_options":{"include_usage":true},"stream":true,${REST}}`,
      `{"model":"p","stream":true,${REST}}`,
    ],
    [`{"model":"m","stream":true,${REST}, "stream_options":{}}`, `{"model":"p","stream":true,${REST}}`],
    [`{"stream_options":{},"model":"m","stream":true,${REST}}`, `{"model":"p","stream":true,${REST}}`],
    [`{"stream":true,${REST},"model":"m","stream_options":{}}`, `{"stream":true,${REST},"model":"p","max_tokens":5}`],
  ])('a provider that does not know stream_options does not get it: %s', (before, after) => {
    const limit = before.startsWith('{"stream":') ? { outputMax: { field: 'max_tokens', value: 5 } as const } : {};
    expect(splice(before, { model: 'p', includeUsage: false, ...limit })).toBe(after);
  });

  test('an output maximum is lowered, never raised, and inserted where there is none', () => {
    const limit = (fields: string, field: 'max_tokens' | 'max_completion_tokens' = 'max_completion_tokens'): string =>
      splice(`{"model":"m",${fields}${REST}}`, { model: 'm', outputMax: { field, value: 100 } });
    expect(limit('"max_tokens":5000,')).toBe(`{"model":"m","max_tokens":100,${REST}}`);
    expect(limit('"max_tokens":50,')).toBe(`{"model":"m","max_tokens":50,${REST}}`);
    expect(limit('"max_tokens":500,"max_completion_tokens":1e3,')).toBe(
      `{"model":"m","max_tokens":100,"max_completion_tokens":100,${REST}}`,
    );
    expect(limit('')).toBe(`{"model":"m","max_completion_tokens":100,${REST}}`);
    expect(limit('"max_tokens":null,', 'max_tokens')).toBe(`{"model":"m","max_tokens":100,${REST}}`);
  });

  test('nothing is stored at a provider', () => {
    expect(splice(`{"model":"m",${REST},"store": true}`, { model: 'm' })).toBe(`{"model":"m",${REST},"store": false}`);
    expect(splice(`{"model":"m",${REST}}`, { model: 'm' })).toBe(`{"model":"m",${REST}}`);
    expect(splice(`{"model":"m",${REST},"store": true}`, { model: 'm', forceStoreFalse: false })).toContain(
      '"store": true',
    );
  });

  test('the safety identifier is ours', () => {
    const safetyIdentifier = { field: 'user', value: 'org-1' } as const;
    expect(splice(`{"model":"m","user":"anna",${REST}}`, { model: 'm', safetyIdentifier })).toBe(
      `{"model":"m","user":"org-1",${REST}}`,
    );
    expect(splice(`{"model":"m",${REST}}`, { model: 'm', safetyIdentifier })).toBe(
      `{"model":"m","user":"org-1",${REST}}`,
    );
  });

  test('the rest are slices of the body itself, not copies', () => {
    const body = Buffer.from(`{"model":"m",${REST}}`);
    const decoded = decodeEnvelope(body);
    if (!decoded.ok) throw new Error('refused');
    const parts = spliceRequest(body, decoded.envelope, EDITS);
    const from = body.byteOffset;
    const own = parts.filter((part) => part.byteOffset >= from && part.byteOffset + part.length <= from + body.length);
    expect(own.filter((part) => part.buffer === body.buffer)).toHaveLength(2);
  });
});

/** A member as it is written: odd whitespace, escapes in its value, any order. */
interface Written {
  readonly key: string;
  readonly value: string;
  readonly spaces: readonly [string, string, string, string];
}

const space = fc.constantFrom('', '', ' ', '\n', '\t', '\r\n  ');
const spaces = fc.tuple(space, space, space, space);
const oddValue = fc.constantFrom(
  '1.50e+02',
  '-0',
  '"\\u00e9\\/\\ud83d\\ude00"',
  '"{\\"model\\":\\"x\\"}"',
  '[1, 2,{ "model" : "no" }]',
  '{"a":{"model":"no","store":true}}',
  'true',
  'null',
  '"東京"',
);
const unknown = fc.record({ key: fc.stringMatching(/^x_[a-z]{1,6}$/), value: oddValue, spaces });
const known = (key: string, ...values: string[]) =>
  fc.record({ key: fc.constant(key), value: fc.constantFrom(...values), spaces });

function write(members: readonly Written[], change: (member: Written) => string | null): string {
  const parts = members.flatMap((member) => {
    const value = change(member);
    const [a, b, c, d] = member.spaces;
    return value === null ? [] : [`${a}"${member.key}"${b}:${c}${value}${d}`];
  });
  return `{${parts.join(',')}}`;
}

test('whatever the body looks like, nothing but the spliced values changes', () => {
  const optional = [
    fc.option(known('store', 'true', 'false', 'null')),
    fc.option(known('max_tokens', '7', '5000', 'null')),
    fc.option(known('max_completion_tokens', '12', '9999')),
    fc.option(known('user', '"anna"')),
    fc.option(known('temperature', '0.70', '1')),
  ] as const;
  const members = fc.tuple(
    known('model', '"openai/gpt-4o"', '"\\u0061bc"'),
    known('messages', '[ {"role" :"user","content":"\\u00fc 👋"} ]'),
    known('stream', 'true', 'false'),
    known('stream_options', '{"include_usage":false,"z":1}', '{ "z": 1.0, "include_usage" : true}'),
    fc.uniqueArray(unknown, { selector: ({ key }) => key, maxLength: 6 }),
    ...optional,
  );
  const shuffled = members.chain(([model, messages, stream, options, others, ...more]) => {
    const all = [model, messages, stream, options, ...others, ...more.filter((member) => member !== null)];
    return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  });
  const property = fc.property(shuffled, (all) => {
    const isStream = all.some(({ key, value }) => key === 'stream' && value === 'true');
    const hasMaximum = all.some(({ key, value }) => key.startsWith('max_') && value !== 'null');
    const changed = (member: Written): string => {
      switch (member.key) {
        case 'model':
          return `"p"${hasMaximum || all.some(({ key }) => key === 'max_tokens') ? '' : ',"max_tokens":100'}`;
        case 'max_tokens':
        case 'max_completion_tokens':
          return member.value === 'null' ? (hasMaximum ? 'null' : '100') : String(Math.min(100, Number(member.value)));
        case 'store':
          return member.value === 'true' ? 'false' : member.value;
        case 'user':
          return '"org-1"';
        case 'stream_options':
          return isStream ? member.value.replace('"include_usage":false', '"include_usage":true') : member.value;
        default:
          return member.value;
      }
    };
    const hasUser = all.some(({ key }) => key === 'user');
    const edits: RequestEdits = {
      model: 'p',
      includeUsage: true,
      forceStoreFalse: true,
      outputMax: { field: 'max_tokens', value: 100 },
      ...(hasUser ? { safetyIdentifier: { field: 'user', value: 'org-1' } as const } : {}),
    };
    // An insertion stands directly behind the model's value, before the whitespace that followed it.
    expect(
      splice(
        write(all, ({ value }) => value),
        edits,
      ),
    ).toBe(write(all, changed));
  });
  fc.assert(property, { seed: SEED, numRuns: 1_000 });
});
