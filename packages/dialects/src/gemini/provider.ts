import type { ProviderCodec } from '../canonical/codec.js';
import { decodeFailure } from './provider-failure.js';
import { decodeReply } from './reply.js';
import { encodeRequest, type Flavour } from './request-encode.js';
import { createDecoder } from './stream-decoder.js';
import { decodeUsage } from './usage.js';

/** The dialect at one of its two hosts: other paths, and Vertex has labels but no ids of calls. */
export function createProvider(flavour: Flavour): ProviderCodec {
  return {
    id: 'gemini',
    encodeRequest: (request, target) => encodeRequest(request, target, flavour),
    decodeReply,
    createDecoder,
    decodeFailure,
    decodeUsage,
  };
}

export const provider: ProviderCodec = createProvider('developer');
export const vertexProvider: ProviderCodec = createProvider('vertex');
