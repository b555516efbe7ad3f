import { describe, expect, test } from 'vitest';
import { loadRecordings, type Recording } from '../recordings.fixture.js';
import { answered, FORM_TYPE, formOf, json, laneOf, opened, wavOf } from './lane-target.fixture.js';
import { openOperation } from './open-operation.js';
import type { OperationDoor } from './operation-door.js';

/** The APIs of the endpoints beside chat. */
const DOORS: Readonly<Record<string, OperationDoor>> = {
  'openai-embeddings': 'embeddings',
  'openai-moderations': 'moderations',
  'openai-completions': 'completions',
  'openai-images': 'images/generations',
  'openai-audio': 'audio/transcriptions',
  rerank: 'rerank',
  'cohere-rerank': 'rerank',
};

interface FormField {
  readonly name: string | null;
  readonly value?: string;
  readonly filename?: string;
  readonly content_type?: string;
}

interface Exchange {
  readonly name: string;
  readonly provider: string;
  readonly door: OperationDoor;
  readonly body: Record<string, unknown> | null;
  readonly form: readonly FormField[] | null;
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly stream?: string;
    readonly body?: Record<string, unknown>;
    readonly body_base64?: string;
  };
}

function exchangeOf(api: string, { name, provider, request, response }: Recording): Exchange {
  const door = Object.values({ ...DOORS, edits: 'images/edits', speech: 'audio/speech' } as const).find((one) =>
    request?.path.split('?')[0]?.endsWith(`/${one}`),
  );
  const asked = (request?.body ?? null) as Exchange['body'];
  const form = (asked?.['multipart'] ?? null) as Exchange['form'];
  const body = form === null ? asked : null;
  const answer = response as Exchange['response'];
  return { name, provider, door: door ?? DOORS[api] ?? 'embeddings', body, form, response: answer };
}

const recordings = Object.keys(DOORS).flatMap((api) => loadRecordings(api).map((one) => exchangeOf(api, one)));
const asked = recordings.filter((one) => one.body !== null && one.response.status === 200);
const forms = recordings.filter((one) => one.form?.[0]?.name != null && one.response.status === 200);
const bodies = recordings.filter(
  (one) =>
    one.response.status === 200 && one.response.body !== undefined && !/__usage-|groq-transcription/.test(one.name),
);
const present = recordings.length > 0;

describe.runIf(present)('every recorded request', () => {
  test('is there', () => {
    expect([asked.length, forms.length, bodies.length].every((count) => count > 2)).toBe(true);
  });

  test.each(asked.map((one) => [one.name, one] as const))(
    '%s leaves as it came, but for the splices',
    (_name, { body, door }) => {
      const request = opened(door, body);
      const lane = laneOf(request);
      const { model: _model, ...kept } = Object.fromEntries(
        Object.entries(body ?? {}).filter(([, value]) => value !== null),
      );
      const { stream_options: _options, ...sent } = json(lane.body);
      expect(sent).toEqual({ ...kept, model: 'vendor-model' });
      expect(lane.losses).toEqual([]);
    },
  );

  test.each(forms.map((one) => [one.name, one] as const))('%s: a form keeps its files', (_name, { form, door }) => {
    const file = wavOf(5.5, 16_000);
    const fields = (model: string) =>
      (form ?? []).map(({ name, value, filename, content_type: type }) => {
        const text = name === 'model' ? model : (value ?? '');
        return [name ?? '', filename === undefined ? text : { name: filename, type: type ?? '', bytes: file }] as const;
      });
    const result = openOperation(door, formOf(fields('whisper')), FORM_TYPE);
    if (!result.ok) throw new Error(result.failure.message);
    const lane = laneOf(result.value);
    expect(lane.body.equals(formOf(fields('vendor-model')))).toBe(true);
  });
});

/** A request that could have had this answer, where none was recorded. */
function stand(door: OperationDoor, provider: string) {
  const documents = Array.from({ length: 20 }, (_, index) => `document ${index}`);
  if (door === 'audio/transcriptions') {
    const file = { name: 'a.wav', type: 'audio/wav', bytes: wavOf(36) };
    const result = openOperation(
      door,
      formOf([
        ['file', file],
        ['model', 'm'],
      ]),
      FORM_TYPE,
    );
    if (!result.ok) throw new Error(result.failure.message);
    return laneOf(result.value, { provider });
  }
  const body = { model: 'm', input: 'a', prompt: 'a', voice: 'v', query: 'q', documents, images: [{}] };
  return laneOf(opened(door, body), { provider });
}

/** Voyage tells only the total. */
function lacking(door: string, tokens: number | undefined): { prompt_tokens?: number } {
  return door === 'embeddings' && tokens !== undefined ? { prompt_tokens: tokens } : {};
}

describe.runIf(present)('every recorded answer', () => {
  test.each(bodies.map((one) => [one.name, one] as const))(
    '%s is read, can be billed, and loses nothing',
    (_name, { body, door, provider, response }) => {
      const lane = body === null ? stand(door, provider) : laneOf(opened(door, body), { provider });
      const answer = response.body ?? {};
      const read = answered(lane, answer, { 'content-type': 'application/json' });
      expect(read.isEmpty).toBe(false);
      const told = answer['usage'] as Record<string, number> | undefined;
      const tokens = told?.['prompt_tokens'] ?? told?.['input_tokens'] ?? told?.['total_tokens'];
      if (door === 'audio/speech') return expect(read.body.length).toBeGreaterThan(1_000);
      if (door === 'rerank') return expectRanking(answer, read);
      if (tokens !== undefined) {
        const { input = 0, input_image: image = 0, input_audio: audio = 0 } = read.usage ?? {};
        expect(input + image + audio).toBe(tokens);
      } else if (told?.['seconds'] !== undefined) expect(read.usage).toEqual({ audio_second: told['seconds'] });
      else expect(Object.values(read.counted).some((count) => count > 0)).toBe(true);
      const ours = {
        ...(answer['id'] === undefined ? {} : { id: 'gen-r1' }),
        ...(answer['model'] === undefined ? {} : { model: 'author/model' }),
      };
      const written = json(read.body);
      const usage =
        told === undefined
          ? written['usage'] === undefined
            ? {}
            : { usage: written['usage'] }
          : { usage: { ...lacking(door, tokens), ...told, cost: 0.25 } };
      expect(written).toEqual({ ...answer, ...ours, ...usage });
    },
  );

  test.each(
    recordings.flatMap((one) =>
      one.response.stream === undefined || one.provider === 'writer' ? [] : [[one.name, one] as const],
    ),
  )('%s: its stream is whole, cut anywhere', (_name, { body, door, response }) => {
    const events = (text: string) =>
      text
        .split(/\r?\n\r?\n/)
        .filter((event) => event.startsWith('data: {'))
        .map((event) => JSON.parse(event.slice(6)) as Record<string, unknown>);
    const source = response.stream ?? '';
    const play = (piece: number) => {
      const stream = (body === null ? stand(door, 'openai') : laneOf(opened(door, body))).openStream({});
      const written: Buffer[] = [];
      const bytes = Buffer.from(source);
      for (let at = 0; at < bytes.length; at += piece)
        stream.push(bytes.subarray(at, at + piece), (out) => void written.push(out));
      expect(stream.end(() => undefined).kind).toBe('finished');
      expect(stream.sawOutput).toBe(true);
      const usage = stream.usage ?? stream.counted?.() ?? null;
      return Buffer.concat([...written, stream.terminal({ usage, cost: '0.25' })]).toString('utf8');
    };
    const out = play(source.length);
    expect(play(1)).toBe(out);
    const isShown = (event: Record<string, unknown>): boolean => JSON.stringify(event['choices']) !== '[]';
    const expected = events(source).filter(isShown);
    expect(events(out).map(({ id: _id, model: _model, usage: _usage, ...event }) => event)).toEqual(
      expected.map(({ id: _id, model: _model, usage: _usage, ...event }) => event),
    );
    expect(out.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

function expectRanking(answer: Record<string, unknown>, read: ReturnType<typeof answered>): void {
  const list = (answer['results'] ?? answer['data']) as { index: number; relevance_score: number }[];
  const results = json(read.body)['results'] as {
    index: number;
    relevance_score: number;
    document: { text: string };
  }[];
  expect(results.map(({ index, relevance_score: score }) => [index, score])).toEqual(
    list.map(({ index, relevance_score: score }) => [index, score]),
  );
  expect(results.every(({ document }) => document.text !== '')).toBe(true);
  expect(Object.keys(read.usage ?? {})).toHaveLength(1);
}
