import type { Loss, ReadWhole, ReplyStream } from '../canonical/index.js';
import type { Lane, LaneTarget } from '../lane.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { decodeProviderFailure } from './provider-failure.js';
import { readReply, spliceReply } from './reply.js';
import type { ChatEnvelope } from './request.js';
import { type RequestEdits, spliceRequest } from './request-splices.js';
import { createStream } from './stream.js';

/** A chat request to a provider that speaks chat: the caller's own bytes with the splices of REQUEST_SPLICES, the provider's with REPLY_SPLICES. */
export function spliceChat(body: Buffer, envelope: ChatEnvelope, target: LaneTarget): Lane {
  const spliced = spliceRequest(body, envelope, editsFor(envelope, target));
  const id = `gen-${target.requestId}`;
  const model = target.publicModel;
  return {
    kind: 'passed',
    path: '/chat/completions',
    headers: {},
    body: spliced.length === 1 && spliced[0] ? spliced[0] : Buffer.concat(spliced),
    losses: lossesOf(envelope, target.quirks.rejectedFields),
    contentType: 'application/json',
    accept: 'text/event-stream',
    streamType: /event-stream|octet-stream/i,
    decodeFailure: (status, failed, headers) => decodeProviderFailure(status, failed, headers),
    readWhole: (whole) => readWhole(whole, id, model),
    openStream: () => openStream(id, model, envelope.includeUsage),
  };
}

/** What the gateway itself does for the caller: labels go into its log, usage is always reported, state is never kept at a provider. */
const SERVED_BY_US: ReadonlySet<string> = new Set(['metadata', 'usage', 'store', ...ROUTING_FIELDS]);

function lossesOf({ layout }: ChatEnvelope, rejectedFields: readonly string[]): readonly Loss[] {
  const lost = rejectedFields.filter((name) => layout.members.has(name) && !SERVED_BY_US.has(name));
  return lost.map((field) => ({ field, reason: 'dropped' }));
}

function editsFor(envelope: ChatEnvelope, { model, quirks, outputMax, safetyIdentifier }: LaneTarget): RequestEdits {
  const field = quirks.safetyIdentifierField;
  const isKnown = field === 'safety_identifier' || field === 'user';
  return {
    model,
    includeUsage: envelope.isStream && quirks.supportsStreamOptions,
    forceStoreFalse: true,
    rejectedFields: [...quirks.rejectedFields, ...ROUTING_FIELDS],
    ...(outputMax === null ? {} : { outputMax: { field: quirks.outputMaxField ?? 'max_tokens', value: outputMax } }),
    ...(isKnown && safetyIdentifier !== null ? { safetyIdentifier: { field, value: safetyIdentifier } } : {}),
  };
}
function readWhole(body: Buffer, id: string, model: string): ReadWhole {
  const read = readReply(body);
  if (!read.ok) return { kind: 'unreadable', reason: read.reason };
  const { reply } = read;
  if (reply.providerError !== null) return { kind: 'failed', error: reply.providerError };
  return {
    kind: 'reply',
    reply: {
      usage: reply.usage,
      finish: reply.finish,
      finishRaw: reply.finishRaw,
      serviceTier: reply.serviceTier,
      isEmpty: reply.isEmpty,
      countOutput: () => reply.countOutput(),
      render: ({ cost }) => ({
        body: spliceReply(body, { id, model, ...(cost === null ? {} : { usageExtras: { cost } }) }),
        losses: [],
      }),
    },
  };
}

function openStream(id: string, model: string, includeUsage: boolean): ReplyStream {
  return createStream({ id, model, includeUsage });
}
