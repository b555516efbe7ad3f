import { describe, expect, test } from 'vitest';
import type { ClientRequest } from '../lane.js';
import { answered, FORM_TYPE, formOf, json, laneOf, opened, refusalOf, wavOf } from './lane-target.fixture.js';
import { openOperation } from './open-operation.js';
import type { OperationDoor } from './operation-door.js';

type Field = Parameters<typeof formOf>[0][number];

const audio = { name: 'a.wav', type: 'audio/wav', bytes: wavOf(3.2) };
const picture = { name: 'a.png', type: 'image/png', bytes: Buffer.from([137, 80, 78, 71]) };
const JSON_TYPE = { 'content-type': 'application/json' };

function openForm(door: OperationDoor, fields: readonly Field[]) {
  return openOperation(door, formOf(fields), FORM_TYPE);
}

function openedForm(door: OperationDoor, fields: readonly Field[]): ClientRequest {
  const result = openForm(door, fields);
  if (!result.ok) throw new Error(`${result.failure.param}: ${result.failure.message}`);
  return result.value;
}

/** What a stream writes before its settlement and after it. */
function play(request: ClientRequest, events: readonly unknown[], model = 'vendor-model') {
  const stream = laneOf(request, { model }).openStream({});
  const written: Buffer[] = [];
  const bytes = Buffer.from(
    events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join(''),
  );
  for (const byte of bytes) stream.push(Buffer.from([byte]), (out) => void written.push(out));
  const end = stream.end(() => undefined);
  const counted = stream.counted?.() ?? {};
  const terminal = stream.terminal({ usage: stream.usage ?? counted, cost: '0.25' }).toString('utf8');
  return { end, usage: stream.usage, counted, out: Buffer.concat(written).toString('utf8'), terminal };
}

const dataOf = (text: string): unknown[] =>
  text.split('\n\n').flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6)) as unknown] : []));

describe('pictures', () => {
  test('are held for at the dearest shape and quality the model may choose, times n', () => {
    const bound = (body: object) => opened('images/generations', { model: 'm', prompt: 'a cat', ...body }).envelope;
    expect(bound({ n: 3 })).toMatchObject({ choices: 3, units: { image: 3 }, inputTokensBound: 5 });
    const most = bound({}).outputMax ?? 0;
    expect(most).toBeGreaterThanOrEqual(6_240);
    expect(bound({ quality: 'low', size: '1024x1024' }).outputMax).toBeLessThan(most / 2);
    expect(bound({ size: '4096x4096' }).outputMax).toBeGreaterThan(most * 10);
  });

  test('usage is split into words, pictures put in and pictures made', () => {
    const lane = laneOf(opened('images/generations', { model: 'm', prompt: 'a cat' }));
    const usage = {
      input_tokens: 330,
      input_tokens_details: { image_tokens: 323, text_tokens: 7 },
      output_tokens: 4_160,
      total_tokens: 4_490,
    };
    const read = answered(lane, { created: 1, data: [{ b64_json: 'AAAA' }], usage });
    expect(read.usage).toEqual({ input: 7, input_image: 323, output_image: 4_160, image: 1 });
    expect(json(read.body)).toEqual({ created: 1, data: [{ b64_json: 'AAAA' }], usage: { ...usage, cost: 0.25 } });
    const thought = { ...usage, output_tokens_details: { image_tokens: 4_000, text_tokens: 160 } };
    expect(answered(lane, { data: [{}], usage: thought }).usage).toMatchObject({ output: 160, output_image: 4_000 });
  });

  test('without usage are counted by what was drawn; no usage is made up for the caller', () => {
    const lane = laneOf(opened('images/generations', { model: 'm', prompt: 'a cat', n: 2 }));
    const read = answered(lane, { created: 1, data: [{ url: 'u' }, { url: 'v' }], size: '1024x1024', quality: 'low' });
    expect([read.usage, read.counted]).toEqual([null, { input: 2, output_image: 544, image: 2 }]);
    expect(json(read.body)).not.toHaveProperty('usage');
  });

  test('a form goes on with its files; each picture put in is held for', () => {
    const fields: Field[] = [
      ['model', 'm'],
      ['image[]', picture],
      ['image[]', picture],
      ['prompt', 'blue'],
      ['n', '2'],
      ['user', 'jane'],
    ];
    const request = openedForm('images/edits', fields);
    expect(request.envelope).toMatchObject({ choices: 2, units: { image: 2 }, features: { images: 2 }, user: 'jane' });
    const lane = laneOf(request, { safetyIdentifier: 'org-1' });
    expect([lane.path, lane.contentType]).toEqual(['/images/edits', FORM_TYPE]);
    const sent = fields.map(
      ([name, value]): Field => [name, name === 'model' ? 'vendor-model' : name === 'user' ? 'org-1' : value],
    );
    expect(lane.body.equals(formOf(sent))).toBe(true);
  });

  test('edits come in JSON too', () => {
    const request = opened('images/edits', {
      model: 'm',
      prompt: 'blue',
      images: [{ image_url: 'data:image/png;base64,AA' }],
    });
    expect(request.envelope.features.images).toBe(1);
    expect(laneOf(request).contentType).toBe('application/json');
  });

  test('a streamed picture waits for its price; drafts do not', () => {
    const request = opened('images/generations', { model: 'm', prompt: 'a cat', stream: true, partial_images: 1 });
    const usage = { input_tokens: 7, output_tokens: 300, total_tokens: 307 };
    const draft = { type: 'image_generation.partial_image', b64_json: 'AA' };
    const done = { type: 'image_generation.completed', b64_json: 'BB', usage };
    const played = play(request, [draft, done]);
    expect([played.end.kind, played.usage]).toEqual(['finished', { input: 7, output_image: 300, image: 1 }]);
    expect(dataOf(played.out)).toEqual([draft]);
    expect(dataOf(played.terminal)).toEqual([{ ...done, usage: { ...usage, cost: 0.25 } }]);
    expect(play(request, [draft]).end.kind).toBe('died');
  });
});

describe('speech', () => {
  const body = { model: 'm', input: 'Héllo 👋', voice: 'alloy' };

  test('is billed by characters as people count them, or by tokens', () => {
    expect(opened('audio/speech', body).envelope).toMatchObject({ units: { character: 7 }, isStream: false });
    const lane = laneOf(opened('audio/speech', { ...body, response_format: 'pcm' }));
    const read = answered(lane, Buffer.alloc(96_000), { 'content-type': 'application/octet-stream' });
    expect([read.usage, read.counted]).toEqual([null, { input: 5, output_audio: 42, character: 7 }]);
    expect([read.contentType, read.body.length]).toEqual(['audio/pcm', 96_000]);
  });

  test('the sound is the provider’s, byte for byte, under its own type', () => {
    const sound = Buffer.from([255, 251, 144, 196, 0, 128]);
    const read = answered(laneOf(opened('audio/speech', body)), sound, { 'content-type': 'audio/mpeg' });
    expect([read.contentType, read.body.equals(sound)]).toEqual(['audio/mpeg', true]);
  });

  test('a model that tells its usage only in events is asked for events, and the caller gets his sound', () => {
    const lane = laneOf(opened('audio/speech', body), { model: 'gpt-4o-mini-tts' });
    expect(json(lane.body)).toMatchObject({ stream_format: 'sse' });
    const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
    const delta = (bytes: number[]): string =>
      event({ type: 'speech.audio.delta', audio: Buffer.from(bytes).toString('base64') });
    const done = event({ type: 'speech.audio.done', usage: { input_tokens: 5, output_tokens: 21, total_tokens: 26 } });
    const type = { 'content-type': 'text/event-stream' };
    const read = answered(lane, Buffer.from(delta([1, 2]) + delta([3]) + done), type);
    expect([...read.body]).toEqual([1, 2, 3]);
    expect([read.contentType, read.usage]).toEqual(['audio/mpeg', { input: 5, output_audio: 21, character: 7 }]);
    expect(lane.readWhole(Buffer.from(delta([1])), type).kind).toBe('unreadable');
    expect(json(laneOf(opened('audio/speech', body), { model: 'tts-1' }).body)).not.toHaveProperty('stream_format');
  });

  test.each([
    ['{"error":{"message":"no voice"}}', JSON_TYPE, 'failed'],
    ['{"ok":true}', JSON_TYPE, 'unreadable'],
    ['', { 'content-type': 'audio/mpeg' }, 'unreadable'],
  ])('%j is no sound', (text, headers, kind) => {
    expect(laneOf(opened('audio/speech', body)).readWhole(Buffer.from(text), headers).kind).toBe(kind);
  });

  test('sound in base64 (Mistral) is given as bytes', () => {
    const read = answered(laneOf(opened('audio/speech', body)), { audio_data: 'AQID' }, JSON_TYPE);
    expect([...read.body, read.contentType]).toEqual([1, 2, 3, 'audio/mpeg']);
  });

  test('as events it streams, and the last one has the cost', () => {
    const request = opened('audio/speech', { ...body, stream_format: 'sse' });
    expect(request.envelope.isStream).toBe(true);
    const delta = { type: 'speech.audio.delta', audio: 'AQID' };
    const usage = { input_tokens: 5, output_tokens: 21, total_tokens: 26 };
    const played = play(request, [delta, { type: 'speech.audio.done', usage }]);
    expect(dataOf(played.out)).toEqual([delta]);
    expect(dataOf(played.terminal)).toEqual([{ type: 'speech.audio.done', usage: { ...usage, cost: 0.25 } }]);
    expect(dataOf(play(request, [delta, { type: 'speech.audio.done' }]).terminal)).toMatchObject([
      { usage: { input_tokens: 5, cost: 0.25 } },
    ]);
  });
});

describe('transcripts', () => {
  const fields: Field[] = [
    ['file', audio],
    ['model', 'm'],
  ];

  test('the file goes on byte for byte; seconds are held for, exact for WAV', () => {
    const request = openedForm('audio/transcriptions', [...fields, ['language', 'en']]);
    expect(request.envelope.units).toEqual({ audio_second: 4 });
    const lane = laneOf(request);
    expect(
      lane.body.equals(
        formOf([
          ['file', audio],
          ['model', 'vendor-model'],
          ['language', 'en'],
        ]),
      ),
    ).toBe(true);
    expect([lane.path, lane.contentType]).toEqual(['/audio/transcriptions', FORM_TYPE]);
    expect(laneOf(openedForm('audio/translations', fields)).path).toBe('/audio/translations');
  });

  test.each([
    ['seconds', { type: 'duration', seconds: 4 }, { audio_second: 4 }],
    [
      'tokens',
      {
        type: 'tokens',
        total_tokens: 49,
        input_tokens: 37,
        input_token_details: { text_tokens: 2, audio_tokens: 35 },
        output_tokens: 12,
      },
      { input: 2, input_audio: 35, output: 12 },
    ],
    [
      'both',
      { prompt_audio_seconds: 36, prompt_tokens: 13, completion_tokens: 151 },
      { input: 13, output: 151, audio_second: 36 },
    ],
  ])('usage in %s is taken as it is reported', (_unit, usage, expected) => {
    const read = answered(laneOf(openedForm('audio/transcriptions', fields)), { text: 'Hi', usage }, JSON_TYPE);
    expect(read.usage).toEqual(expected);
    expect(json(read.body)).toEqual({ text: 'Hi', usage: { ...usage, cost: 0.25 } });
  });

  test('the duration of a verbose answer is the vendor’s word; a part of a second is a whole one', () => {
    const lane = laneOf(openedForm('audio/transcriptions', [...fields, ['response_format', 'verbose_json']]));
    const read = answered(lane, { text: 'Hi', duration: 3.19, segments: [] }, JSON_TYPE);
    expect(read.usage).toEqual({ audio_second: 4 });
    expect(json(read.body)).toMatchObject({ duration: 3.19, usage: { type: 'duration', seconds: 4, cost: 0.25 } });
  });

  test.each(['text', 'srt', 'vtt'])('%s stays what it is and is counted by the length of the file', (format) => {
    const lane = laneOf(openedForm('audio/transcriptions', [...fields, ['response_format', format]]));
    const read = answered(lane, Buffer.from('Hello there\n'), { 'content-type': 'text/plain; charset=utf-8' });
    expect([read.body.toString(), read.contentType]).toEqual(['Hello there\n', 'text/plain; charset=utf-8']);
    expect([read.usage, read.counted]).toEqual([null, { input: 0, input_audio: 40, output: 3, audio_second: 4 }]);
    expect(lane.readWhole(Buffer.from('{"error":{"message":"x"}}'), JSON_TYPE).kind).toBe('failed');
  });

  test('a stream passes as it comes, ids of segments too; the last event waits for its price', () => {
    const request = openedForm('audio/transcriptions', [...fields, ['stream', 'true']]);
    const segment = { type: 'transcript.text.segment', text: 'Hi', speaker: 'A', id: 'seg_0' };
    const usage = {
      type: 'tokens',
      total_tokens: 49,
      input_tokens: 37,
      input_token_details: { text_tokens: 0, audio_tokens: 37 },
      output_tokens: 12,
    };
    const done = { type: 'transcript.text.done', text: 'Hi', usage };
    const played = play(request, [segment, done, '[DONE]']);
    expect([played.end.kind, played.usage]).toEqual(['finished', { input: 0, input_audio: 37, output: 12 }]);
    expect(dataOf(played.out)).toEqual([segment]);
    expect(dataOf(played.terminal)).toEqual([{ ...done, usage: { ...usage, cost: 0.25 } }]);
    expect(played.terminal.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(play(request, [{ type: 'transcript.text.done', text: 'Hi' }]).terminal).not.toContain('[DONE]');
  });

  test('whisper does not stream, whatever it is asked', () => {
    const whisper: Field[] = [
      ['file', audio],
      ['model', 'openai/whisper-1'],
      ['stream', 'true'],
    ];
    expect(openedForm('audio/transcriptions', whisper).envelope.isStream).toBe(false);
  });
});

describe('what is wrong is named', () => {
  const draw = { model: 'm', prompt: 'a' };
  const say = { model: 'm', input: 'a', voice: 'v' };
  test.each([
    ['images/generations', { prompt: 'a' }, 'invalid_request model'],
    ['images/generations', { model: 'm' }, 'invalid_request prompt'],
    ['images/generations', { ...draw, n: 0 }, 'invalid_request n'],
    ['images/generations', { ...draw, size: 5 }, 'invalid_request size'],
    ['images/generations', { ...draw, quality: 5 }, 'invalid_request quality'],
    ['images/generations', { ...draw, response_format: 'png' }, 'invalid_request response_format'],
    ['images/generations', { ...draw, partial_images: 4 }, 'invalid_request partial_images'],
    ['images/generations', { ...draw, stream: 1 }, 'invalid_request stream'],
    ['images/edits', draw, 'invalid_request images'],
    ['audio/speech', { model: 'm', voice: 'v' }, 'invalid_request input'],
    ['audio/speech', { ...say, input: '' }, 'invalid_request input'],
    ['audio/speech', { ...say, voice: 5 }, 'invalid_request voice'],
    ['audio/speech', { ...say, response_format: 'ogg' }, 'invalid_request response_format'],
    ['audio/speech', { ...say, stream_format: 'ws' }, 'invalid_request stream_format'],
    ['audio/speech', { ...say, instructions: [] }, 'invalid_request instructions'],
    ['audio/transcriptions', say, 'unsupported_content_type null'],
  ] as const)('%s %j', (door, body, refusal) => {
    expect(refusalOf(door, body)).toBe(refusal);
  });

  test.each([
    ['audio/transcriptions', [['model', 'm']], 'file'],
    [
      'audio/transcriptions',
      [
        ['model', 'm'],
        ['file', 'text'],
      ],
      'file',
    ],
    [
      'audio/transcriptions',
      [
        ['model', 'm'],
        ['file', audio],
        ['file', audio],
      ],
      'file',
    ],
    [
      'audio/transcriptions',
      [
        ['model', 'm'],
        ['file', { ...audio, bytes: Buffer.alloc(0) }],
      ],
      'file',
    ],
    ['audio/transcriptions', [['file', audio]], 'model'],
    [
      'audio/transcriptions',
      [
        ['file', audio],
        ['model', 'a'],
        ['model', 'b'],
      ],
      'model',
    ],
    [
      'audio/transcriptions',
      [
        ['file', audio],
        ['model', 'm'],
        ['response_format', 'xml'],
      ],
      'response_format',
    ],
    [
      'audio/transcriptions',
      [
        ['file', audio],
        ['model', 'm'],
        ['stream', 'maybe'],
      ],
      'stream',
    ],
    [
      'images/edits',
      [
        ['model', 'm'],
        ['prompt', 'a'],
      ],
      'image',
    ],
    [
      'images/edits',
      [
        ['model', 'm'],
        ['prompt', 'a'],
        ['image', picture],
        ['n', 'two'],
      ],
      'n',
    ],
    [
      'images/edits',
      [
        ['model', 'm'],
        ['image', picture],
      ],
      'prompt',
    ],
  ] as [OperationDoor, Field[], string][])('%s, form %#', (door, fields, param) => {
    expect(openForm(door, fields)).toMatchObject({ ok: false, failure: { param } });
  });
});
