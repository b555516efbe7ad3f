import type { Decoded } from '../canonical/codec.js';
import { list, objects, parseObject } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import { decodeEmbeddingsRequest, encodeEmbeddingsReply } from '../gemini/embeddings.js';
import type { Lane } from '../lane.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { openEmbeddings } from './embeddings.js';
import { type JsonBody, readJsonBody } from './json-body.js';
import { OperationRequest } from './operation-request.js';
import { usageText } from './reply-body.js';

/** What of a request to embed can be said to any provider. */
const SAID = new Set(['model', 'content', 'outputDimensionality', 'output_dimensionality']);

/** Gemini's embedContent and batchEmbedContents: OpenAI's request to whoever embeds, and the answer in Gemini's words. */
export function openGeminiEmbeddings(json: JsonBody, isBatch: boolean, model: string): Decoded<OperationRequest> {
  if (isBatch !== (json.request['requests'] !== undefined)) {
    const param = isBatch ? 'requests' : 'content';
    return { ok: false, failure: { code: 'invalid_request', message: `${param} is missing.`, param } };
  }
  const decoded = decodeEmbeddingsRequest(json.body, model);
  if (!decoded.ok) return decoded;
  const inner = readJsonBody(Buffer.from(JSON.stringify(decoded.value)), '');
  const opened = inner.ok ? openEmbeddings(inner.value) : inner;
  if (!opened.ok) return opened;
  const request = opened.value;
  const losses = lossesOf(json.request, isBatch);
  return {
    ok: true,
    value: new OperationRequest({
      dialect: 'gemini',
      envelope: request.envelope,
      counted: () => request.counted?.() ?? {},
      lane: (target) => {
        const lane = request.lane(target);
        return lane.ok ? { ok: true, value: inGeminisWords(lane.value, losses, isBatch) } : lane;
      },
    }),
  };
}

/** `taskType` and `title` have no place in an interface of texts. */
function lossesOf(request: JsonObject, isBatch: boolean): Losses {
  const losses = new Losses();
  const all = isBatch ? objects(request['requests']) : [request];
  for (const [position, one] of all.entries())
    for (const name in one) if (!SAID.has(name)) losses.dropped(isBatch ? `requests[${position}].${name}` : name);
  return losses;
}

function inGeminisWords(lane: Lane, losses: Losses, isBatch: boolean): Lane {
  return {
    ...lane,
    kind: 'translated',
    losses: [...losses.list(), ...lane.losses],
    decodeFailure: (status, body, headers) => lane.decodeFailure(status, body, headers),
    readWhole: (answer, headers) => {
      const read = lane.readWhole(answer, headers);
      if (read.kind !== 'reply') return read;
      const { reply } = read;
      return {
        kind: 'reply',
        reply: {
          ...reply,
          render: (facts) => {
            const { body } = reply.render(facts);
            const shown = JSON.stringify(encodeEmbeddingsReply({ embeddings: vectorsOf(body), usage: null }, isBatch));
            const usage = usageText({ promptTokenCount: facts.usage?.input ?? 0 }, facts.cost);
            return { body: Buffer.from(`${shown.slice(0, -1)},"usageMetadata":${usage}}`), losses: [] };
          },
        },
      };
    },
  };
}

/** In the order of the texts: an answer may list them in another. */
function vectorsOf(body: Buffer): readonly number[][] {
  const data = objects(parseObject(body.toString('utf8'))?.['data']);
  const inOrder = [...data].sort((left, right) => Number(left['index'] ?? 0) - Number(right['index'] ?? 0));
  return inOrder.map(({ embedding }) => list(embedding).filter((value): value is number => typeof value === 'number'));
}
