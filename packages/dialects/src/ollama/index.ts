import type { ProviderCodec } from '../canonical/codec.js';
import { decodeFailure } from './failure.js';
import { decodeReply } from './reply.js';
import { encodeRequest } from './request.js';
import { OllamaStream } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { ME } from './wire.js';

export { decodeRequest } from './request-reader.js';

/** Ollama's own API. `/api/generate` is understood in answers, and never asked. */
export const provider: ProviderCodec = {
  id: ME,
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new OllamaStream(context),
  decodeFailure,
  decodeUsage,
};
