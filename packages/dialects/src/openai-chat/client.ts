import type { ClientCodec } from '../canonical/codec.js';
import { encodeFailure } from './failure.js';
import { pass } from './pass.js';
import { encodeReply } from './reply-encoder.js';
import { decodeRequest } from './request-decoder.js';
import { ChatStreamEncoder } from './stream-encoder.js';

/** OpenAI's chat completions as spoken to clients, OpenRouter's extensions included. */
export const client: ClientCodec = {
  id: 'openai-chat',
  decodeRequest: (body, door) => decodeRequest(body, door.skin === 'openrouter'),
  encodeReply,
  createEncoder: (options) => new ChatStreamEncoder(options),
  encodeFailure,
  pass,
};
