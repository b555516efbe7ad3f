import type { ProviderCodec } from '../canonical/codec.js';
import { encodeRequest } from './encode-request.js';
import { decodeProviderFailure } from './failure.js';
import { decodeReply } from './reply.js';
import { createDecoder } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { DIALECT } from './wire.js';

/** How this dialect is spoken to OpenAI, Azure, xAI and whoever else has a Responses endpoint. */
export const provider: ProviderCodec = {
  id: DIALECT,
  encodeRequest,
  decodeReply,
  createDecoder,
  decodeFailure: decodeProviderFailure,
  decodeUsage,
};
