import type { ClientCodec } from '../canonical/codec.js';
import { encodeReply } from './encode-reply.js';
import { encodeFailure } from './failure.js';
import { pass } from './pass.js';
import { decodeRequest } from './request.js';
import { createEncoder } from './stream-encoder.js';
import { DIALECT } from './wire.js';

/** How this dialect is spoken to clients: OpenAI's SDKs, Codex, agents that keep their state here. */
export const client: ClientCodec = { id: DIALECT, decodeRequest, encodeReply, createEncoder, encodeFailure, pass };
