import type { ClientDialectId } from '@tollgate/dialects';
import type { Recording } from './recordings.js';

/** Where a recorded request goes in at the gateway. */
export interface ClientDoor {
  readonly dialect: ClientDialectId;
  readonly path: string;
  readonly body: string;
}

/** The recorder's names of providers that the catalogue calls otherwise. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'azure-openai': 'azure',
  'amazon-bedrock': 'bedrock',
  'google-vertex': 'google-vertex',
};
/** Their dated snapshots are names of models, not of endpoints. */
const UNPINNED = new Set(['openai', 'anthropic', 'google']);

/** Null where the recording is no conversation in a dialect that clients speak. */
export function clientDoor(recording: Recording): ClientDoor | null {
  const { request, api } = recording;
  if (request === null || request.method !== 'POST' || typeof request.body !== 'object' || request.body === null)
    return null;
  const body = request.body as { readonly model?: unknown };
  switch (api) {
    case 'openai-chat':
      return request.path.split('?')[0]?.endsWith('/chat/completions')
        ? named(recording, 'openai-chat', '/v1/chat/completions', body)
        : null;
    case 'openai-responses':
      return request.path.split('?')[0]?.endsWith('/responses')
        ? named(recording, 'openai-responses', '/v1/responses', body)
        : null;
    case 'anthropic-messages':
      return named(recording, 'anthropic-messages', '/v1/messages', body);
    case 'gemini': {
      const call = /models\/([^/:?]+):(generateContent|streamGenerateContent)/.exec(request.path);
      if (call === null) return null;
      const query = request.path.includes('alt=sse') ? '?alt=sse' : '';
      const path = `/v1beta/models/${encodeURIComponent(pinned(recording, call[1] ?? ''))}:${call[2]}${query}`;
      return { dialect: 'gemini', path, body: JSON.stringify(body) };
    }
    default:
      return null;
  }
}

function named(
  recording: Recording,
  dialect: ClientDialectId,
  path: string,
  body: { readonly model?: unknown },
): ClientDoor | null {
  if (typeof body.model !== 'string') return null;
  return { dialect, path, body: JSON.stringify({ ...body, model: pinned(recording, body.model) }) };
}

/** The provider the exchange was recorded with: another one's quirks are another exchange. */
function pinned({ provider }: Recording, model: string): string {
  return UNPINNED.has(provider) ? model : `${PROVIDERS[provider] ?? provider}:${model}`;
}
