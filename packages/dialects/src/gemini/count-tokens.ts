import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { object, parseObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { decodeRequestObject } from './request-decode.js';
import { type Flavour, requestPath } from './request-encode.js';
import { member, refuse } from './wire.js';

/**
 * Reads a countTokens request: `{contents}`, or a whole request in `generateContentRequest`, whose system text and tools count as well (T31).
 * Vertex has those at the top.
 */
export function decodeCountTokens(body: Buffer, door: DoorFacts, json?: JsonObject): Decoded<CanonicalRequest> {
  const request = json ?? parseObject(body.toString('utf8'));
  if (request === null) return refuse('invalid_json', 'The request body must be a JSON object.');
  const whole = member(request, 'generateContentRequest');
  if (whole === undefined) return decodeRequestObject(request, door);
  const inner = object(whole);
  if (inner === null)
    return refuse('invalid_request', 'generateContentRequest must be an object.', 'generateContentRequest');
  if (request['contents'] !== undefined)
    return refuse('invalid_request', 'contents and generateContentRequest exclude each other.', 'contents');
  return decodeRequestObject(inner, door);
}

/** A countTokens request for a provider of this dialect from an encoded generateContent body. */
export function encodeCountTokens(
  body: JsonObject,
  model: string,
  flavour: Flavour,
): { readonly path: string; readonly body: JsonObject } {
  const path = requestPath(model, 'countTokens', flavour);
  const { contents, systemInstruction, tools } = body;
  if (flavour === 'vertex')
    return {
      path,
      body: {
        contents,
        ...(systemInstruction === undefined ? {} : { systemInstruction }),
        ...(tools === undefined ? {} : { tools }),
      },
    };
  const name = /^(models|tunedModels)\//.test(model) ? model : `models/${model}`;
  return { path, body: { generateContentRequest: { model: name, ...body } } };
}

/** The answer of countTokens; null where it is none. */
export function decodeCountTokensReply(body: Buffer): number | null {
  const total = parseObject(body.toString('utf8'))?.['totalTokens'];
  if (typeof total === 'number' && Number.isInteger(total) && total >= 0) return total;
  return null;
}

export function encodeCountTokensReply(totalTokens: number): Buffer {
  return Buffer.from(
    JSON.stringify({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] }),
  );
}
