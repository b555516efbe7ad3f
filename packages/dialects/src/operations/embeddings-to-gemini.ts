import type { Decoded, ReadWhole } from '../canonical/codec.js';
import { isObject, parseObject } from '../canonical/json-read.js';
import { decodeEmbeddings, embeddingsReply, encodeEmbeddings } from '../gemini/embeddings.js';
import { decodeFailure } from '../gemini/provider-failure.js';
import type { Lane, LaneTarget } from '../lane.js';
import type { JsonObject } from '../openai-chat/wire.js';
import type { Usage } from '../usage.js';
import type { JsonBody } from './json-body.js';
import { operationLane, operationReply } from './operation-request.js';
import { usageText } from './reply-body.js';
import { usualEdits } from './splice-json.js';

/** An OpenAI request to an endpoint that is spoken to in Gemini's own interface. */
export function embeddingsToGemini({ request }: JsonBody, target: LaneTarget, counted: () => Usage): Decoded<Lane> {
  const said = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
  const encoded = encodeEmbeddings(said, target.model, target.host === 'vertex' ? 'vertex' : 'developer');
  if (!encoded.ok) return encoded;
  const { path, body, losses } = encoded.value;
  const { edits, losses: lost } = usualEdits({ request }, target);
  const unknown = Object.keys(said).filter((name) => !KNOWN.has(name) && !edits.removed.has(name));
  const readWhole = (answer: Buffer): ReadWhole => {
    const decoded = decodeEmbeddings(answer);
    if (decoded === null) return notEmbeddings(answer, decodeFailure);
    return operationReply({
      usage: decoded.usage,
      isEmpty: false,
      counted,
      render: ({ usage, cost }) => {
        const { usage: told, ...shown } = embeddingsReply(decoded, target.publicModel, usage);
        const text = usageText(told as JsonObject, cost);
        return { body: Buffer.from(`${JSON.stringify(shown).slice(0, -1)},"usage":${text}}`), losses: [] };
      },
    });
  };
  const lane = operationLane({
    kind: 'translated',
    path,
    body: Buffer.from(JSON.stringify(body)),
    losses: [
      ...losses,
      ...lost.filter(({ field }) => field !== 'user'),
      ...unknown.map((field) => ({ field, reason: 'dropped' as const })),
    ],
    readWhole,
  });
  return { ok: true, value: { ...lane, decodeFailure } };
}

const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user']);

function notEmbeddings(answer: Buffer, decode: typeof decodeFailure): ReadWhole {
  const body = parseObject(answer.toString('utf8'));
  if (isObject(body?.['error'])) return { kind: 'failed', error: decode(502, answer, {}) };
  return { kind: 'unreadable', reason: 'the answer has no embeddings' };
}
