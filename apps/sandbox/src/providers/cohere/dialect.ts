import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { planChat } from './chat.js';
import { type CohereError, cohereError, errorOfStatus } from './errors.js';
import { newUuid, vendorHeaders } from './reply-headers.js';
import { planEmbed, planRerank } from './rerank-embed.js';

const paths = /\/v2\/(chat|rerank|embed)$/;

/** Cohere's API in its second version. */
export const cohere: Dialect = {
  paths,
  plan(incoming, changes, world) {
    const planned = planFor(incoming, changes, world);
    return 'kind' in planned
      ? jsonPlan(planned.status, vendorHeaders(), { id: newUuid(world), message: planned.message })
      : planned;
  },
  errorOfStatus: (status) => ({
    headers: {},
    body: { id: '00000000-0000-4000-8000-000000000000', message: errorOfStatus(status).message },
  }),
  errorEvent(given, name) {
    if (name !== undefined) return `event: ${name}\ndata: ${JSON.stringify(given)}\n\n`;
    const told: unknown = typeof given === 'object' && given !== null ? Reflect.get(given, 'message') : given;
    const error = typeof told === 'string' ? told : errorOfStatus(500).message;
    const event = { type: 'message-end', delta: { error, finish_reason: 'ERROR' } };
    return `event: message-end\ndata: ${JSON.stringify(event)}\n\n`;
  },
  brokenEvent: 'event: content-delta\ndata: {"type":"content-delta","index":0,"delta":{"message":{"content":\n\n',
};

function planFor(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | CohereError {
  const token = /^Bearer\s+(\S+)$/i.exec(headerOf(incoming.headers, 'authorization') ?? '')?.[1];
  if (token === undefined) return cohereError(401, 'no api key supplied');
  if (token.startsWith('invalid')) return cohereError(401, 'invalid api token');
  if (incoming.method !== 'POST') return cohereError(405, 'method not allowed');
  switch (paths.exec(incoming.path)?.[1]) {
    case 'rerank':
      return planRerank(incoming, changes, world);
    case 'embed':
      return planEmbed(incoming, changes, world);
    default:
      return planChat(incoming, changes, world);
  }
}
