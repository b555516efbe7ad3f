import type { ProviderCodec } from '../canonical/codec.js';
import { decodeFailure } from './failure.js';
import { decodeReply } from './reply.js';
import { encodeRequest } from './request.js';
import { ConverseStream } from './stream-decoder.js';
import { decodeUsage } from './usage.js';
import { ME } from './wire.js';

export { decodeRequest } from './request.js';

/** Amazon Bedrock's Converse: one format for all of its models. Requests are signed elsewhere. */
export const provider: ProviderCodec = {
  id: ME,
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new ConverseStream(context),
  decodeFailure,
  decodeUsage,
};
