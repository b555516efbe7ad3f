import { describe, expect, it } from 'vitest';
import { bodyBytes, loadRecordings } from '../recordings.fixture.js';
import {
  decodeEmbeddings,
  decodeEmbeddingsRequest,
  embeddingsReply,
  encodeEmbeddings,
  encodeEmbeddingsReply,
} from './embeddings.js';

const encode = (request: Record<string, unknown>, flavour: 'developer' | 'vertex' = 'developer') =>
  encodeEmbeddings(request, 'gemini-embedding-001', flavour);

describe('embeddings', () => {
  it('a list of texts is one batch, with its dimensions', () => {
    expect(encode({ input: ['a', 'b'], dimensions: 8, encoding_format: 'base64', user: 'u' })).toEqual({
      ok: true,
      value: {
        path: '/models/gemini-embedding-001:batchEmbedContents',
        body: {
          requests: ['a', 'b'].map((text) => ({
            model: 'models/gemini-embedding-001',
            content: { parts: [{ text }] },
            outputDimensionality: 8,
          })),
        },
        losses: [
          { field: 'encoding_format', reason: 'dropped' },
          { field: 'user', reason: 'dropped' },
        ],
      },
    });
  });

  it('Vertex embeds one text', () => {
    expect(encode({ input: 'a' }, 'vertex')).toMatchObject({
      ok: true,
      value: {
        path: '/publishers/google/models/gemini-embedding-001:embedContent',
        body: { content: { parts: [{ text: 'a' }] } },
      },
    });
    expect(encode({ input: ['a', 'b'] }, 'vertex').ok).toBe(false);
  });

  it.each([[[1, 2]], [[]], [''], [undefined], [[['a']]]])('an input of %j is refused', (input) => {
    expect(encode({ input })).toMatchObject({ ok: false, failure: { param: 'input' } });
  });

  it('the answer is OpenAI’s, and Gemini’s for a client of its own', () => {
    const decoded = decodeEmbeddings(Buffer.from('{"embeddings":[{"values":[0.5,-1]},{"values":[2,3]}]}'));
    if (decoded === null) throw new Error('unread');
    expect(embeddingsReply(decoded, 'our/model', { input: 4 })).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [0.5, -1] },
        { object: 'embedding', index: 1, embedding: [2, 3] },
      ],
      model: 'our/model',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    expect(encodeEmbeddingsReply(decoded, true)).toEqual({ embeddings: [{ values: [0.5, -1] }, { values: [2, 3] }] });
    expect(encodeEmbeddingsReply(decoded, false)).toEqual({ embedding: { values: [0.5, -1] } });
  });

  it.each(['', '{}', '{"embeddings":[]}', '{"embedding":{"values":[]}}', '{"embedding":{"values":[1,"x"]}}'])(
    '%j is no answer',
    (body) => {
      expect(decodeEmbeddings(Buffer.from(body))).toBeNull();
    },
  );

  it('a request of a Gemini client is OpenAI’s', () => {
    const one = { content: { parts: [{ text: 'a' }, { text: 'b' }] }, outputDimensionality: 8 };
    expect(decodeEmbeddingsRequest(Buffer.from(JSON.stringify(one)), 'm')).toEqual({
      ok: true,
      value: { model: 'm', input: 'a\nb', dimensions: 8 },
    });
    const batch = {
      requests: [{ model: 'models/x', content: { parts: [{ text: 'a' }] } }, { content: { parts: { text: 'b' } } }],
    };
    expect(decodeEmbeddingsRequest(Buffer.from(JSON.stringify(batch)), 'm')).toEqual({
      ok: true,
      value: { model: 'm', input: ['a', 'b'] },
    });
    const picture = { requests: [{ content: { parts: [{ inlineData: {} }] } }] };
    expect(decodeEmbeddingsRequest(Buffer.from(JSON.stringify(picture)), 'm')).toMatchObject({
      ok: false,
      failure: { param: 'requests[0].content' },
    });
  });
});

const recordings = loadRecordings('gemini-embeddings');

describe.runIf(recordings.length > 0)('every recorded embedding', () => {
  it.each(recordings.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const request = decodeEmbeddingsRequest(Buffer.from(JSON.stringify(one.request?.body)), 'gemini-embedding-001');
    // OpenAI's embeddings are of texts: a picture is refused by its place.
    expect(request.ok).toBe(!/inline_?data/i.test(JSON.stringify(one.request?.body)));
    const decoded = decodeEmbeddings(bodyBytes(one));
    if (one.response.status === 200) expect(decoded?.embeddings[0]?.length).toBeGreaterThan(1);
    else expect(decoded).toBeNull();
  });
});
