import type { ProviderCodec } from '../canonical/codec.js';
import { decodeFailure } from './failure.js';
import { decodeReply } from './reply.js';
import { encodeRequest } from './request.js';
import { CohereStream } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { ME } from './wire.js';

export { decodeRequest } from './request-reader.js';

/** Cohere's v2 chat. */
export const provider: ProviderCodec = {
  id: ME,
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new CohereStream(context),
  decodeFailure,
  decodeUsage,
};
