import type { ProviderCodec } from '../canonical/codec.js';
import { decodeFailure } from './provider-failure.js';
import { decodeReply } from './reply-reader.js';
import { encodeRequest } from './request-writer.js';
import { SseDecoder } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { type ClaudeHost, ME } from './wire.js';

/** Claude at one of its hosts: the same messages, another path and version; everything else is alike. */
export function createProvider({ host }: { readonly host: ClaudeHost }): ProviderCodec {
  return {
    id: ME,
    encodeRequest: (request, target) => encodeRequest(request, target, host),
    decodeReply,
    createDecoder: (context) => new SseDecoder(context),
    decodeFailure,
    decodeUsage,
  };
}

/** Anthropic itself: base URL ends in `/v1`. */
export const provider = createProvider({ host: 'direct' });

/** Google Vertex AI: base URL ends in `/locations/<region>`; the model is in the path. */
export const vertexProvider = createProvider({ host: 'vertex' });
