import type { SplicedRequest, Target } from '../canonical/codec.js';
import type { Loss } from '../canonical/loss.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { ROUTING_FIELDS } from '../routing-wish.js';
import { mayBeForeign, rewriteHistory } from './foreign-history.js';
import type { ChatEnvelope } from './request.js';
import { decodeRequest } from './request-decoder.js';
import { SERVED_BY_US } from './request-encoder.js';
import { type RequestEdits, spliceRequest } from './request-splices.js';

/** A chat request for a provider that speaks chat: the caller's own bytes with the splices of REQUEST_SPLICES. `decoded` where it is known already. */
export function passRequest(
  body: Buffer,
  envelope: ChatEnvelope,
  target: Target,
  decoded: CanonicalRequest | null = null,
): SplicedRequest {
  const history = foreignHistory(body, envelope, target, decoded);
  const edits: RequestEdits = {
    ...editsFor(envelope, target),
    ...(history === null ? {} : { messages: history.json }),
  };
  return {
    path: '/chat/completions',
    headers: {},
    body: spliceRequest(body, envelope, edits),
    losses: [...rejectedMembers(envelope, target), ...(history?.losses ?? [])],
  };
}

function rejectedMembers({ layout }: ChatEnvelope, { quirks }: Target): readonly Loss[] {
  const lost = quirks.rejectedFields.filter((name) => layout.members.has(name) && !SERVED_BY_US.has(name));
  return lost.map((field) => ({ field, reason: 'dropped' }));
}

function editsFor(envelope: ChatEnvelope, { model, quirks, outputMax, safetyIdentifier }: Target): RequestEdits {
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

function foreignHistory(body: Buffer, envelope: ChatEnvelope, { quirks }: Target, decoded: CanonicalRequest | null) {
  const member = envelope.layout.members.get('messages');
  if (member === undefined) return null;
  const bytes = body.subarray(member.valueFrom, member.valueTo);
  if (!mayBeForeign(bytes)) return null;
  return rewriteHistory(JSON.parse(bytes.toString('utf8')), quirks, () => decoded ?? canonicalOf(body));
}

function canonicalOf(body: Buffer): CanonicalRequest | null {
  const decoded = decodeRequest(body);
  return decoded.ok ? decoded.value : null;
}
