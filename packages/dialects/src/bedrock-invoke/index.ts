import { createProvider, decodeUsage } from '../anthropic-messages/index.js';
import { decodeFailure } from '../bedrock-converse/failure.js';
import type { Decoded, EncodedRequest, ProviderCodec, Target } from '../canonical/codec.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { decodeReply } from './reply.js';
import { InvokeStream } from './stream-decoder.js';
import { isClaude, ME } from './wire.js';

export { decodeRequest } from './request.js';

const claude = createProvider({ host: 'bedrock' });

/** Claude's bodies are Anthropic's. Every other family has a body of its own: Converse speaks to those. */
function encodeRequest(request: CanonicalRequest, target: Target): Decoded<EncodedRequest> {
  if (isClaude(target.model)) return claude.encodeRequest(request, target);
  const message = 'InvokeModel is used for Claude only; other models are reached through Converse.';
  return { ok: false, failure: { code: 'not_supported', message, param: 'model' } };
}

/** Amazon Bedrock's InvokeModel: the model's own body in Amazon's envelope. Requests are signed elsewhere. */
export const provider: ProviderCodec = {
  id: ME,
  encodeRequest,
  decodeReply,
  createDecoder: (context) => new InvokeStream(context),
  decodeFailure,
  decodeUsage,
};
