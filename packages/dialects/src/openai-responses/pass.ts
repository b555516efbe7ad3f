import type { PassCodec } from '../canonical/codec.js';
import { readReply } from './pass-reply.js';
import { REQUEST_SPLICES, spliceRequest } from './pass-request.js';
import { createStream } from './pass-stream.js';
import { REPLY_SPLICES } from './response-edits.js';

/** Both sides speak this dialect: bytes are kept but for these splices. */
export const pass: PassCodec = {
  splices: [
    ...REQUEST_SPLICES.map((splice) => ({ side: 'request' as const, ...splice })),
    ...REPLY_SPLICES.map((splice) => ({ side: 'reply' as const, ...splice })),
  ],
  spliceRequest,
  readReply,
  createStream,
};
