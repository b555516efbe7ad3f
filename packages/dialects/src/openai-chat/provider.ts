import type { ProviderCodec } from '../canonical/codec.js';
import { decodeProviderFailure } from './provider-failure.js';
import { decodeReply } from './reply-decoder.js';
import { encodeRequest } from './request-encoder.js';
import { ChatStreamDecoder } from './stream-decoder.js';
import { decodeUsage } from './usage.js';

/** OpenAI's chat completions as spoken to a provider, and to everybody who is compatible with it as far as provider-quirks.ts says. */
export const provider: ProviderCodec = {
  id: 'openai-chat',
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new ChatStreamDecoder(context),
  decodeFailure: decodeProviderFailure,
  decodeUsage,
};
