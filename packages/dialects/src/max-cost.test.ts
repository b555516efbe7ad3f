import { describe, expect, test } from 'vitest';
import { allPairs, laneOf, REQUESTS } from './broken-stream.fixture.js';
import { CLIENT_DIALECTS, type ClientDialectId, type DialectId } from './canonical/part.js';
import { openRequest } from './client-request.js';
import { openCount } from './count-tokens.js';
import type { ClientRequest, Lane } from './lane.js';
import { MAX_COST_MEMBER, readMaxCost } from './max-cost.js';
import { FORM_TYPE, formOf, laneTarget, laneOf as operationLaneOf } from './operations/lane-target.fixture.js';
import { openOperation } from './operations/open-operation.js';
import type { OperationDoor } from './operations/operation-door.js';

const DOOR = { model: 'a/m', isStream: true, framing: 'sse' } as const;

function open(dialect: ClientDialectId, json: string): ClientRequest {
  const result = openRequest(dialect, Buffer.from(json), DOOR);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

/** The sample with a member put at its beginning, in its middle and at its end, with and without spaces. */
function withMember(dialect: ClientDialectId, member: string): readonly string[] {
  const json = JSON.stringify(REQUESTS[dialect]);
  const second = json.indexOf(',"', json.indexOf(':'));
  const isTop = !json.slice(1, second).includes('{');
  return [
    `{${member},${json.slice(1)}`,
    `{ ${member} , ${json.slice(1)}`,
    `${json.slice(0, -1)},${member}}`,
    `${json.slice(0, -1)}\n, ${member} }`,
    ...(isTop ? [`${json.slice(0, second)},${member}${json.slice(second)}`] : []),
  ];
}

function laneFor(request: ClientRequest, dialect: DialectId): Lane {
  const model = dialect.startsWith('bedrock') ? 'anthropic.claude-sonnet-4' : 'm';
  const lane = request.lane(laneTarget({ dialect, model, publicModel: 'a/m', providerName: 'Provider' }));
  if (!lane.ok) throw new Error(lane.failure.message);
  return lane.value;
}

describe.each(CLIENT_DIALECTS)('max_cost_usd in a body of %s', (dialect) => {
  test.each([
    ['"0.25"', '0.25'],
    ['0.25', '0.25'],
    ['1e-7', '0.0000001'],
    ['2.5E-1', '0.25'],
    ['1E+1', '10'],
    ['0.1e1', '1'],
    ['0.123456789', '0.123456789'],
    ['123456789.123456789', '123456789.123456789'],
    ['"007.50"', '7.5'],
    ['3', '3'],
    ['"\\u0031"', '1'],
    ['null', null],
  ])('%s is read as it is written', (json, expected) => {
    for (const body of withMember(dialect, `"max_cost_usd":${json}`))
      expect(open(dialect, body).envelope.maxCostUsd).toBe(expected);
  });

  test.each([
    '0',
    '-1',
    '"0"',
    '"-0.5"',
    '0.0000000001',
    '1e-10',
    '1e9',
    '1e99',
    '1e-99',
    '1e308',
    '""',
    '" 1"',
    '"1,5"',
    '"1e-7"',
    '".5"',
    '"5."',
    '"NaN"',
    '"$1"',
    'true',
    '[]',
    '{}',
    `"${'1'.repeat(200)}"`,
    `0.${'0'.repeat(200)}1`,
  ])('%s is refused, and the member is named', (json) => {
    const body = withMember(dialect, `"max_cost_usd":${json}`)[0] ?? '';
    const result = openRequest(dialect, Buffer.from(body), DOOR);
    expect(result.ok ? result : result.failure).toMatchObject({ code: 'invalid_request', param: MAX_COST_MEMBER });
  });

  test('written twice it is refused, under whatever spelling', () => {
    for (const again of ['"max_cost_usd":1', '"max_cost_us\\u0064":1']) {
      const body = withMember(dialect, `"max_cost_usd":2,${again}`)[0] ?? '';
      const result = openRequest(dialect, Buffer.from(body), DOOR);
      expect(result.ok ? result : result.failure.code).toBe('duplicate_field');
    }
  });

  test('without it there is no limit', () => {
    expect(open(dialect, JSON.stringify(REQUESTS[dialect])).envelope.maxCostUsd).toBeNull();
  });

  test('inside of something else it is somebody else’s', () => {
    const tool = JSON.stringify(REQUESTS[dialect]).replace('"at":{', '"max_cost_usd":{"type":"string"},"at":{');
    const request = open(dialect, tool);
    expect(request.envelope.maxCostUsd).toBeNull();
    expect(laneFor(request, dialect).body.toString('utf8')).toContain('"max_cost_usd":{"type":"string"}');
  });

  test('it is there after the request was amended', () => {
    const request = open(dialect, withMember(dialect, '"max_cost_usd":1')[0] ?? '');
    const canonical = request.canonical();
    if (!canonical.ok) throw new Error(canonical.failure.message);
    expect(request.amended(canonical.value).envelope.maxCostUsd).toBe('1');
  });

  test('it counts as no input', () => {
    const [body = ''] = withMember(dialect, '"max_cost_usd":"0.25"');
    const { maxCostUsd: _limit, ...envelope } = open(dialect, body).envelope;
    const { maxCostUsd: _none, ...plain } = open(dialect, JSON.stringify(REQUESTS[dialect])).envelope;
    expect(envelope).toEqual(plain);
  });
});

test('no provider is told of it, nothing is lost by it, and a body that passes is the caller’s own otherwise', () => {
  for (const { client, provider } of allPairs()) {
    const plain = laneOf(client, provider);
    for (const member of ['"max_cost_usd":1', '"max_cost_us\\u0064":"0.5"', '"max_cost_usd":null'])
      for (const body of withMember(client, member)) {
        const lane = laneFor(open(client, body), provider);
        expect(lane.losses, `${client} to ${provider}`).toEqual(plain.losses);
        const spaces = (text: string): string => text.replace(/[ \n]+(?=[,{}"])/g, '');
        expect(spaces(lane.body.toString('utf8')), `${client} to ${provider}`).toBe(
          spaces(plain.body.toString('utf8')),
        );
      }
  }
});

test('numbers, spaces and escapes of the rest of a body stay as the caller wrote them', () => {
  const rest = '"model" : "a/m", "temperature":1.0,"messages":[{"role":"user","content":"\\u0048i  "}],"seed":1e0';
  const sent = (json: string): string => laneFor(open('openai-chat', json), 'openai-chat').body.toString('utf8');
  expect(sent(`{${rest}, "max_cost_usd": 0.5}`)).toBe(sent(`{${rest}}`));
  expect(sent(`{"max_cost_usd": 0.5,${rest}}`)).toBe(sent(`{${rest}}`));
});

test('a question for a count may carry it, and no counter hears of it', () => {
  for (const dialect of ['anthropic-messages', 'gemini'] as const) {
    const [body = ''] = withMember(dialect, '"max_cost_usd":1');
    const count = openCount(dialect, Buffer.from(body), DOOR);
    if (!count.ok) throw new Error(count.failure.message);
    expect(JSON.stringify(count.value.question(dialect, 'm')?.body)).not.toContain(MAX_COST_MEMBER);
  }
});

const OPERATIONS: readonly (readonly [OperationDoor, Readonly<Record<string, unknown>>])[] = [
  ['embeddings', { model: 'm', input: 'Hi' }],
  ['moderations', { model: 'm', input: 'Hi' }],
  ['rerank', { model: 'm', query: 'Hi', documents: ['a'] }],
  ['completions', { model: 'm', prompt: 'Hi' }],
  ['images/generations', { model: 'm', prompt: 'Hi' }],
  ['images/edits', { model: 'm', prompt: 'Hi', images: [{ image_url: 'data:image/png;base64,iVBORw0KGgo=' }] }],
  ['audio/speech', { model: 'm', input: 'Hi', voice: 'v' }],
  ['embedContent', { content: { parts: [{ text: 'Hi' }] } }],
  ['batchEmbedContents', { requests: [{ model: 'models/m', content: { parts: [{ text: 'Hi' }] } }] }],
];

function openedAt(door: OperationDoor, body: Buffer, type: string) {
  return openOperation(door, body, type, 'm');
}

describe.each(OPERATIONS)('max_cost_usd at the door of %s', (door, body) => {
  const json = JSON.stringify(body);
  const at = (text: string) => openedAt(door, Buffer.from(text), 'application/json');
  const sentFor = (text: string): Lane => {
    const result = at(text);
    if (!result.ok) throw new Error(result.failure.message);
    return operationLaneOf(result.value);
  };

  test('is read, and not sent', () => {
    const limited = `{"max_cost_usd":1e-7,${json.slice(1)}`;
    const result = at(limited);
    expect(result.ok && result.value.envelope.maxCostUsd).toBe('0.0000001');
    expect(sentFor(limited).body.equals(sentFor(json).body)).toBe(true);
    expect(sentFor(limited).losses).toEqual(sentFor(json).losses);
    const none = at(json);
    expect(none.ok && none.value.envelope.maxCostUsd).toBeNull();
  });

  test('is refused by its name', () => {
    for (const bad of ['0', '"x"', '1e400', '0.0000000001']) {
      const result = at(`{"max_cost_usd":${bad},${json.slice(1)}`);
      expect(result.ok ? result : result.failure, bad).toMatchObject({
        code: 'invalid_request',
        param: MAX_COST_MEMBER,
      });
    }
    const twice = at(`{"max_cost_usd":1,"max_cost_usd":1,${json.slice(1)}`);
    expect(twice.ok ? twice : twice.failure.code).toBe('duplicate_field');
  });
});

test('a completion that a chat model answers keeps its limit to itself', () => {
  const result = openedAt(
    'completions',
    Buffer.from('{"model":"m","prompt":"Hi","max_cost_usd":"2"}'),
    'application/json',
  );
  if (!result.ok) throw new Error(result.failure.message);
  expect(result.value.envelope.maxCostUsd).toBe('2');
  const lane = operationLaneOf(result.value, { dialect: 'anthropic-messages' });
  expect(lane.body.toString('utf8')).not.toContain(MAX_COST_MEMBER);
  expect(lane.losses.filter(({ field }) => field === MAX_COST_MEMBER)).toEqual([]);
});

describe.each(['images/edits', 'audio/transcriptions', 'audio/translations'] as const)('a form at %s', (door) => {
  const png = { name: 'a.png', type: 'image/png', bytes: Buffer.from('iVBORw0KGgo=', 'base64') };
  const file = door === 'images/edits' ? (['image', png] as const) : (['file', { ...png, name: 'a.wav' }] as const);
  const formWith = (...fields: readonly (readonly [string, string])[]) =>
    formOf([['model', 'm'], ...fields, ['prompt', 'Hi'], file]);

  test('says its limit in a field, which is not sent', () => {
    const limited = openedAt(door, formWith(['max_cost_usd', '0.05']), FORM_TYPE);
    const plain = openedAt(door, formWith(), FORM_TYPE);
    if (!limited.ok || !plain.ok) throw new Error('the form is refused');
    expect(limited.value.envelope.maxCostUsd).toBe('0.05');
    expect(plain.value.envelope.maxCostUsd).toBeNull();
    expect(operationLaneOf(limited.value).body.equals(operationLaneOf(plain.value).body)).toBe(true);
  });

  test('is refused where the field is no amount, or stands twice', () => {
    const forms = [formWith(['max_cost_usd', '-1']), formWith(['max_cost_usd', '1'], ['max_cost_usd', '1'])];
    for (const form of forms) {
      const result = openedAt(door, form, FORM_TYPE);
      expect(result.ok ? result : result.failure).toMatchObject({ code: 'invalid_request', param: MAX_COST_MEMBER });
    }
  });
});

test('a header is read like a field: plain decimals', () => {
  expect(readMaxCost('0.10')).toEqual({ ok: true, value: '0.1' });
  expect(readMaxCost('1e-7').ok).toBe(false);
});
