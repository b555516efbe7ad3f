import type { ProviderCodec } from '../canonical/codec.js';
import { decodeProviderFailure } from '../openai-chat/provider-failure.js';
import { decodeReply } from '../openai-chat/reply-decoder.js';
import { ChatStreamDecoder } from '../openai-chat/stream-decoder.js';
import { decodeUsage } from '../openai-chat/usage.js';
import { encodeRequest } from './request.js';

/**
 * Mistral's chat completions. Its answers are read by the decoder of the family, which knows their deviations: content as a list with `thinking` in
 * it, whole calls in one delta, usage on the finish chunk, audio in the total alone, errors as `{detail}`.
 */
export const provider: ProviderCodec = {
  id: 'mistral-chat',
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new ChatStreamDecoder(context),
  decodeFailure: decodeProviderFailure,
  decodeUsage,
};
