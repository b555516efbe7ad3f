import type { ClientCodec } from '../canonical/codec.js';
import { encodeFailure } from './failure.js';
import { createPass } from './pass.js';
import { encodeReply } from './reply-encode.js';
import { decodeRequest } from './request-decode.js';
import { createEncoder } from './stream-encoder.js';

/** The dialect as it is spoken to clients: Google's own SDKs, and everything that was written for them. */
export const client: ClientCodec = {
  id: 'gemini',
  decodeRequest,
  encodeReply,
  createEncoder,
  encodeFailure,
  pass: createPass('developer'),
};
