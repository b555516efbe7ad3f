import type { ClientDialectId } from '@tollgate/dialects';
import { explainedUrl } from './explained-url.js';

/** Which wire format is spoken at a path: everything said there, refusals too, is said in it. */
export function doorDialect(url: string): ClientDialectId {
  const [path = ''] = explainedUrl(url).split('?', 1);
  const door = path.replace(/^\/api(?=\/)/, '');
  if (door === '/v1/messages' || door.startsWith('/v1/messages/')) return 'anthropic-messages';
  if (door === '/v1/responses' || door.startsWith('/v1/responses/')) return 'openai-responses';
  if (door.startsWith('/v1beta/') || GEMINI_VERB.test(door)) return 'gemini';
  return 'openai-chat';
}

/** OpenRouter's own paths: the same doors, for clients that were made for it. */
export function doorSkin(url: string): 'openrouter' | null {
  return explainedUrl(url).startsWith('/api/') ? 'openrouter' : null;
}

const GEMINI_VERB = /^\/v1\/models\/.+:[A-Za-z]+$/;
