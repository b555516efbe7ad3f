import type { ClientCodec } from '../canonical/codec.js';
import { encodeFailure } from './failure.js';
import { readReply } from './pass-reply.js';
import { spliceRequest } from './pass-request.js';
import { SPLICES } from './pass-splices.js';
import { createPassStream } from './pass-stream.js';
import { encodeReply } from './reply-writer.js';
import { decodeRequest } from './request-reader.js';
import { createEncoder } from './stream-encoder.js';
import { ME } from './wire.js';

/** Anthropic's Messages as spoken to clients: Claude Code and the official SDKs. */
export const client: ClientCodec = {
  id: ME,
  decodeRequest,
  encodeReply,
  createEncoder,
  encodeFailure,
  pass: { splices: SPLICES, spliceRequest, readReply, createStream: createPassStream },
};
