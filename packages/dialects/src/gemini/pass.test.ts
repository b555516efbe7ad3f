import { describe, expect, it } from 'vitest';
import type { PassOptions, Target } from '../canonical/codec.js';
import type { JsonObject } from '../canonical/part.js';
import type { StreamEnd } from '../canonical/reply.js';
import { sealBase64 } from '../canonical/seal-envelope.js';
import { failureOf } from '../failure.js';
import { jsonLines } from '../json-lines.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { bodyBytes, loadRecordings } from '../recordings.fixture.js';
import { client } from './client.js';
import { createPass } from './pass.js';
import { PLAIN_REQUEST, targetOf } from './plain-request.fixture.js';

const { pass } = client;
const OPTIONS: PassOptions = {
  requestId: 'gen-1',
  model: 'our/model',
  provider: 'Google',
  created: 1,
  request: PLAIN_REQUEST,
  source: 'gemini',
  quirks: NO_QUIRKS,
};

function splice(body: string, more: Partial<Target> = {}, codec = pass) {
  const decoded = client.decodeRequest(Buffer.from(body), { model: 'm', isStream: true });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  const spliced = codec.spliceRequest(Buffer.from(body), decoded.value, targetOf('gemini-2.5-flash', more));
  if (!spliced.ok) throw new Error(spliced.failure.message);
  return { ...spliced.value, body: Buffer.concat(spliced.value.body).toString('utf8') };
}

const CONTENTS = '"contents":[{"parts":[{"text":"Hi \\u00e9","newThing": 1.0}]}]';

describe('requests', () => {
  it('keep every byte where nothing must change', () => {
    const body = `{ ${CONTENTS} , "unknown" : 1e2 }`;
    expect(splice(body)).toEqual({
      path: '/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      body,
      headers: {},
      losses: [],
    });
  });

  it.each([
    [`{${CONTENTS}}`, `{"generationConfig":{"maxOutputTokens":64},${CONTENTS}}`],
    [`{${CONTENTS},"generationConfig":{}}`, `{${CONTENTS},"generationConfig":{"maxOutputTokens":64}}`],
    [`{${CONTENTS},"generationConfig":null}`, `{${CONTENTS},"generationConfig":{"maxOutputTokens":64}}`],
    [`{${CONTENTS},"generationConfig":{"topK":1}}`, `{${CONTENTS},"generationConfig":{"maxOutputTokens":64,"topK":1}}`],
    [
      `{${CONTENTS},"generation_config":{"max_output_tokens":"100"}}`,
      `{${CONTENTS},"generation_config":{"max_output_tokens":64}}`,
    ],
    [
      `{${CONTENTS},"generationConfi\\u0067":{"maxOutputTokens":100}}`,
      `{${CONTENTS},"generationConfi\\u0067":{"maxOutputTokens":64}}`,
    ],
    [
      `{${CONTENTS},"generationConfig":{"maxOutputTokens":10}}`,
      `{${CONTENTS},"generationConfig":{"maxOutputTokens":10}}`,
    ],
  ])('the maximum is lowered or set, never raised (%#)', (body, expected) => {
    expect(splice(body, { outputMax: 64 }).body).toBe(expected);
  });

  it.each([
    [`{"model":"models/x",${CONTENTS}}`, `{${CONTENTS}}`],
    [`{${CONTENTS},"model":"models/x"}`, `{${CONTENTS}}`],
    [`{"labels":{"a":"b"},"model":"x",${CONTENTS}}`, `{${CONTENTS}}`],
    [`{${CONTENTS},"labels":{"a":"b"},"model":"x"}`, `{${CONTENTS}}`],
    [`{"model":"x",${CONTENTS},"labels":{"a":"b"},"k":1}`, `{${CONTENTS},"k":1}`],
    [`{${CONTENTS},"store":true}`, `{${CONTENTS},"store":false}`],
  ])('what must not be there goes, whatever stands beside it (%#)', (body, expected) => {
    expect(splice(body).body).toBe(expected);
  });

  it('removals and insertions at the same place get along', () => {
    const { body } = splice(`{"model":"x",${CONTENTS}}`, { outputMax: 5 });
    expect(JSON.parse(body)).toEqual({ ...JSON.parse(`{${CONTENTS}}`), generationConfig: { maxOutputTokens: 5 } });
  });

  it('Vertex keeps labels and has its own path, by the pass or by the target', () => {
    const body = `{${CONTENTS},"labels":{"a":"b"}}`;
    expect(splice(body).losses).toEqual([{ field: 'labels', reason: 'dropped' }]);
    for (const spliced of [splice(body, {}, createPass('vertex')), splice(body, { host: 'vertex' })]) {
      expect(spliced.body).toBe(body);
      expect(spliced.path).toBe('/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
    }
  });

  it('rejected fields go by name', () => {
    const quirks = { ...NO_QUIRKS, rejectedFields: ['safetySettings', 'generationConfig.seed', 'nothing'] };
    const { body, losses } = splice(`{${CONTENTS},"safety_settings":[],"generationConfig":{"seed":1,"topK":2}}`, {
      quirks,
    });
    expect(body).toBe(`{${CONTENTS},"generationConfig":{"topK":2}}`);
    expect(losses.map(({ field }) => field)).toEqual(['safetySettings', 'generationConfig.seed']);
  });

  it('T02: a history with another vendor’s thoughts is written anew, without their seals', () => {
    const wrapped = sealBase64({ dialect: 'anthropic-messages', form: 'signature', value: 'secret' }, 'gemini');
    const body = JSON.stringify({
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ text: 'b', thoughtSignature: wrapped }] },
        { role: 'user', parts: [{ text: 'c' }] },
      ],
    });
    const spliced = splice(body);
    expect(spliced.body).not.toContain(wrapped);
    expect(spliced.losses).toEqual([{ field: 'contents[1].parts[0]', reason: 'dropped' }]);
    expect(JSON.parse(spliced.body).contents[1]).toEqual({ role: 'model', parts: [{ text: 'b' }] });
  });

  it('the splices are listed with what and why', () => {
    for (const { side, name, what, why } of pass.splices)
      expect([side, name, what, why].every((word) => word !== '')).toBe(true);
    expect(pass.splices.length).toBeGreaterThan(8);
  });
});

describe('whole answers', () => {
  const answer = {
    candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 1, totalTokenCount: 3 },
    modelVersion: 'gemini-2.5-flash',
    responseId: 'theirs',
    createTime: 'x',
  };

  it('keep their bytes but for names and cost', () => {
    const read = pass.readReply(Buffer.from(JSON.stringify(answer)), OPTIONS);
    if (read.kind !== 'reply') throw new Error(read.kind);
    expect(read.reply).toMatchObject({
      usage: { input: 2, output: 1 },
      finish: { kind: 'stop' },
      finishRaw: 'STOP',
      isEmpty: false,
    });
    expect(read.reply.countOutput()).toBe(1);
    expect(read.reply.render({ usage: null, cost: '0.00000000123' }).body.toString('utf8')).toBe(
      JSON.stringify(answer)
        .replace('"gemini-2.5-flash"', '"our/model"')
        .replace('"theirs"', '"gen-1"')
        .replace('"totalTokenCount":3}', '"totalTokenCount":3,"cost":0.00000000123}'),
    );
  });

  it('what Google left out is inserted', () => {
    const read = pass.readReply(Buffer.from('{"candidates":[{"finishReason":"STOP"}]}'), OPTIONS);
    if (read.kind !== 'reply') throw new Error(read.kind);
    expect(read.reply.isEmpty).toBe(true);
    expect(
      JSON.parse(read.reply.render({ usage: { input: 1, output: 2 }, cost: '0.5' }).body.toString('utf8')),
    ).toMatchObject({
      modelVersion: 'our/model',
      responseId: 'gen-1',
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, cost: 0.5 },
    });
  });

  it.each(['', '[]', '<html>', '{}'])('%j is unreadable', (body) => {
    expect(pass.readReply(Buffer.from(body), OPTIONS).kind).toBe('unreadable');
  });

  it('an error under 200 is a failure', () => {
    const read = pass.readReply(
      Buffer.from('{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m"}}'),
      OPTIONS,
    );
    expect(read).toMatchObject({ kind: 'failed', error: { status: 429, kind: 'rate_limited' } });
  });
});

interface Run {
  readonly text: string;
  readonly before: string;
  readonly end: StreamEnd;
  readonly stream: ReturnType<typeof pass.createStream>;
}

function run(packets: readonly Buffer[], options: PassOptions = OPTIONS): Run {
  const stream = pass.createStream(options);
  const written: Buffer[] = [];
  const write = (bytes: Buffer): void => void written.push(Buffer.from(bytes));
  for (const packet of packets) stream.push(packet, write);
  const end = stream.end(write);
  const before = Buffer.concat(written).toString('utf8');
  const last = end.kind === 'finished' ? stream.terminal({ usage: stream.usage, cost: '0.25' }).toString('utf8') : '';
  return { text: before + last, before, end, stream };
}

const chunk = (text: string, more: JsonObject = {}, rest: JsonObject = {}): string =>
  `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }], role: 'model' }, ...more, index: 0 }], usageMetadata: { trafficType: 'ON_DEMAND' }, modelVersion: 'gemini-2.5-flash', responseId: 'theirs', ...rest })}\r\n\r\n`;
const USAGE = { usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 1, totalTokenCount: 3 } };
const STOP = { finishReason: 'STOP' };

describe('streams', () => {
  it('go on at once, but for the end, which waits for the settlement', () => {
    const { before, text, stream } = run([Buffer.from(chunk('a') + chunk('b') + chunk('c', STOP, USAGE))]);
    const ours = (one: string): string =>
      one.replace('"gemini-2.5-flash"', '"our/model"').replace('"theirs"', '"gen-1"');
    expect(before).toBe(ours(chunk('a')) + ours(chunk('b')));
    expect(text).toBe(
      before + ours(chunk('c', STOP, USAGE)).replace('"totalTokenCount":3}', '"totalTokenCount":3,"cost":0.25}'),
    );
    expect(stream).toMatchObject({ usage: { input: 2, output: 1 }, finish: { kind: 'stop' }, sawOutput: true });
  });

  it('S16: what follows the finish is held with it, and the cost stands on the last', () => {
    const { before, text } = run([Buffer.from(chunk('a', STOP, USAGE) + chunk('b', {}, { usageMetadata: undefined }))]);
    expect(before).toBe('');
    const chunks = jsonLines(text);
    expect(chunks.map(({ usageMetadata }) => (usageMetadata as JsonObject)['cost'])).toEqual([undefined, 0.25]);
    expect(chunks[1]?.['usageMetadata']).toMatchObject({ promptTokenCount: 2 });
  });

  it('with several candidates only the last end is held', () => {
    const options = { ...OPTIONS, request: { ...PLAIN_REQUEST, choices: 2 } };
    const second = chunk('z', STOP, USAGE).replace('"index":0', '"index":1');
    const { before, text } = run([Buffer.from(chunk('a', STOP) + second)], options);
    expect(jsonLines(before)).toHaveLength(1);
    expect(jsonLines(text)).toHaveLength(2);
  });

  it('the array is the same chunks', () => {
    const packets = [Buffer.from(chunk('a') + chunk('c', STOP, USAGE))];
    const array = run(packets, { ...OPTIONS, framing: 'json-array' }).text;
    expect(JSON.parse(array)).toEqual(jsonLines(run(packets).text));
  });

  it('S03: comments, [DONE], other line ends and several data lines', () => {
    const lines = JSON.stringify({ candidates: [{ content: { parts: [{ text: 'x' }] } }] }, null, 1)
      .split('\n')
      .map((line) => `data: ${line}`)
      .join('\n');
    const { text, end } = run([
      Buffer.from(`\n: ping\n\n${lines}\n\n${chunk('c', STOP).replaceAll('\r\n', '\n')}data: [DONE]\n\n`),
    ]);
    expect(end).toEqual({ kind: 'finished' });
    expect(text).not.toMatch(/ping|DONE/);
    expect(jsonLines(text)).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'x' }] } }], responseId: 'gen-1' },
      {},
    ]);
  });

  it('W25: a call makes the end tool_calls', () => {
    const call = `data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]}}]}\n\n`;
    expect(run([Buffer.from(chunk('a') + call + chunk('', STOP))]).stream.finish).toEqual({ kind: 'tool_calls' });
  });

  it('W29: a blocked prompt ends as content_filter', () => {
    const { end, stream, text } = run([
      Buffer.from(
        'data: {"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}\n\n',
      ),
    ]);
    expect(end).toEqual({ kind: 'finished' });
    expect(stream.finish).toEqual({ kind: 'content_filter' });
    expect(jsonLines(text)).toMatchObject([
      { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { cost: 0.25 } },
    ]);
  });

  it.each([
    ['an event', `${chunk('a')}data: {"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}\n\n`],
    ['bare JSON', `${chunk('a')}{"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}`],
    ['an array', `[{"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}]`],
  ])('S04: an error as %s is a failure, and nothing of it is written', (_name, body) => {
    const { end, before, stream } = run([Buffer.from(body)]);
    expect(end).toMatchObject({ kind: 'failed', error: { status: 503, kind: 'overloaded' } });
    expect(before).not.toContain('error');
    const failure = JSON.parse(
      stream.failure(failureOf({ code: 'provider_unavailable', message: 'm', requestId: 'r' })).toString('utf8'),
    );
    expect(failure).toMatchObject({ error: { code: 503, status: 'UNAVAILABLE' } });
  });

  it('S04: an error after chunks were written ends the array that they began, and one before them is alone', () => {
    const broken = Buffer.from('data: {"error":{"code":503,"message":"m"}}\n\n');
    const failure = failureOf({ code: 'provider_unavailable', message: 'm', requestId: 'r' });
    const options = { ...OPTIONS, framing: 'json-array' } as const;
    const late = run([Buffer.from(chunk('a')), Buffer.concat([Buffer.from(chunk('b')), broken])], options);
    expect(JSON.parse(late.before + late.stream.failure(failure).toString('utf8'))).toMatchObject([
      { responseId: 'gen-1' },
      { responseId: 'gen-1' },
      { error: {} },
    ]);
    const early = run([Buffer.concat([Buffer.from(chunk('a')), broken])], options);
    expect(early.stream.hasWritten).toBe(false);
    expect(JSON.parse(early.stream.failure(failure).toString('utf8'))).toMatchObject([{ error: { code: 503 } }]);
  });

  it('a body that stops has died; a broken event is an error', () => {
    expect(run([Buffer.from(chunk('a'))]).end).toEqual({ kind: 'died', reason: 'no_finish' });
    expect(run([Buffer.from(`${chunk('a')}data: {"candi`)]).end).toEqual({ kind: 'died', reason: 'truncated_event' });
    expect(run([Buffer.from(`${chunk('a')}data: {"candi\n\n`)]).end).toMatchObject({
      kind: 'failed',
      error: { code: 'malformed_event' },
    });
  });

  it('what was delivered is counted where nobody reports', () => {
    const { stream } = run([Buffer.from(chunk('Hello') + chunk(' world'))]);
    expect(stream.usage).toBeNull();
    expect(stream.countOutput()).toBe(2);
  });
});

const recordings = loadRecordings('gemini').filter(({ response }) => response.status === 200);

describe.runIf(recordings.length > 0)('every recorded answer goes through unchanged', () => {
  const named = recordings.map((one) => [one.name, one] as const);
  const ours = (one: JsonObject): JsonObject => ({ ...one, modelVersion: 'our/model', responseId: 'gen-1' });

  it.each(named.filter(([, { response }]) => response.stream !== undefined))('%s', (_name, { response }) => {
    const bytes = Buffer.from(response.stream ?? '');
    const expected = jsonLines(response.stream ?? '').map(ours);
    const last = expected.at(-1);
    expected[expected.length - 1] = {
      ...last,
      usageMetadata: { ...(last?.['usageMetadata'] as JsonObject), cost: 0.25 },
    };
    const whole = run([bytes]);
    expect(whole.end).toEqual({ kind: 'finished' });
    const seen = jsonLines(whole.text);
    expect(seen.slice(0, -1)).toEqual(expected.slice(0, -1));
    expect(seen.at(-1)).toEqual(whole.stream.usage === null ? expect.anything() : expected.at(-1));
    for (const size of [1, 13, 101]) {
      const packets = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      if (size > 1 || bytes.length < 50_000) expect(run(packets).text).toBe(whole.text);
    }
  });

  it.each(named.filter(([, { response }]) => response.stream === undefined))('%s', (_name, one) => {
    const read = pass.readReply(bodyBytes(one), OPTIONS);
    if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
    const parsed = JSON.parse(bodyBytes(one).toString('utf8'));
    const body = JSON.parse(read.reply.render({ usage: null, cost: '0.25' }).body.toString('utf8'));
    expect(body).toEqual({ ...ours(parsed), usageMetadata: { ...parsed.usageMetadata, cost: 0.25 } });
  });
});
