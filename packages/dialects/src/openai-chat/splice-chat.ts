import type { Lane, LaneTarget } from '../lane.js';
import { openStream, readWhole } from './pass.js';
import { passRequest } from './pass-request.js';
import { decodeProviderFailure } from './provider-failure.js';
import type { ChatEnvelope } from './request.js';

/** A chat request to a provider that speaks chat: the caller's own bytes with the splices of REQUEST_SPLICES, the provider's with REPLY_SPLICES. */
export function spliceChat(body: Buffer, envelope: ChatEnvelope, target: LaneTarget): Lane {
  const { body: spliced, losses, path, headers } = passRequest(body, envelope, target);
  const id = `gen-${target.requestId}`;
  const model = target.publicModel;
  return {
    kind: 'passed',
    path,
    headers,
    contentType: 'application/json',
    accept: 'text/event-stream',
    body: spliced.length === 1 && spliced[0] ? spliced[0] : Buffer.concat(spliced),
    losses,
    streamType: /event-stream|octet-stream/i,
    decodeFailure: (status, failed, failedHeaders) => decodeProviderFailure(status, failed, failedHeaders),
    readWhole: (whole) => readWhole(whole, id, model),
    openStream: () => openStream(id, model, envelope.includeUsage, envelope.choices, target.created),
  };
}
