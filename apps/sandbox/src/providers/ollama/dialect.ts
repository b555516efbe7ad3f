import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { planChat } from './chat.js';
import { planEmbed } from './embed.js';
import { type OllamaError, ollamaError } from './read.js';

const paths = /\/api\/(chat|embed)$/;

/** Ollama's own API: lines of JSON instead of server-sent events, streamed unless told not to. No key is needed. */
export const ollama: Dialect = {
  paths,
  read({ path, json }) {
    const model: unknown = Reflect.get(Object(json), 'model');
    const isStream = path.endsWith('/chat') && Reflect.get(Object(json), 'stream') !== false;
    return { model: typeof model === 'string' ? model : null, isStream };
  },
  plan(incoming, changes, world) {
    const planned = planFor(incoming, changes, world);
    return 'kind' in planned
      ? jsonPlan(planned.status, { 'x-sandbox': 'tollgate' }, { error: planned.message })
      : planned;
  },
  errorOfStatus: (status) => ({ headers: {}, body: { error: messageOfStatus(status) } }),
  errorEvent(given) {
    const told: unknown = typeof given === 'object' && given !== null ? Reflect.get(given, 'message') : given;
    return `${JSON.stringify({ error: typeof told === 'string' ? told : messageOfStatus(500) })}\n`;
  },
  brokenEvent: '{"model":"broken","message":{"role":"assistant","content":"\n',
};

function messageOfStatus(status: number): string {
  const known: Readonly<Record<number, string>> = {
    401: 'unauthorized',
    404: "model 'unknown' not found",
    429: 'too many requests',
    503: 'server busy, please try again.  maximum pending requests exceeded',
  };
  return (
    known[status] ??
    (status >= 500 ? 'an error was encountered while running the model: unexpected EOF' : 'invalid request')
  );
}

function planFor(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | OllamaError {
  if (/^Bearer\s+invalid/i.test(headerOf(incoming.headers, 'authorization') ?? ''))
    return ollamaError(401, 'unauthorized');
  if (incoming.method !== 'POST') return ollamaError(405, 'method not allowed');
  return incoming.path.endsWith('/embed') ? planEmbed(incoming, changes) : planChat(incoming, changes, world);
}
