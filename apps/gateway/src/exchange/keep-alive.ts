import type { ClientDialectId } from '@tollgate/dialects';
import type { Call } from './call.js';

/**
 * What is written when nothing happened for a while. A comment is skipped by every SSE parser; Anthropic's clients know `ping`; Google's parse every
 * line as data and would fail, so they get nothing.
 */
const KEEP_ALIVES: Readonly<Record<ClientDialectId, Buffer | null>> = {
  'openai-chat': Buffer.from(': TOLLGATE PROCESSING\n\n'),
  'openai-responses': Buffer.from(': TOLLGATE PROCESSING\n\n'),
  'anthropic-messages': Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'),
  gemini: null,
};

export function keepAliveOf(call: Call): Buffer | null {
  return KEEP_ALIVES[call.input.dialect];
}
