import { headerOf, type Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { keyError, vendorHeaders } from '../openai/chat-completions.js';
import { openAiChat } from '../openai/dialect.js';
import { invalidUrl, type WireError } from '../openai/errors.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import { imageEdits, imageGenerations, modelOfForm } from './images.js';
import { moderations } from './moderations.js';
import type { MediaOperation } from './operation.js';
import { rerank } from './rerank.js';
import { speech } from './speech.js';
import { transcriptions, translations } from './transcripts.js';

const operations: Readonly<Record<string, MediaOperation>> = {
  embeddings: embeddings,
  'images/generations': imageGenerations,
  'images/edits': imageEdits,
  'audio/speech': speech,
  'audio/transcriptions': transcriptions,
  'audio/translations': translations,
  moderations: moderations,
  rerank: rerank,
  completions: completions,
};
const paths = new RegExp(`/(?<!chat/)(${Object.keys(operations).join('|')})$`);

/** OpenAI's endpoints beside chat, and what providers of its dialect made of them. Forms name their model in a field. */
export const openAiMedia: Dialect = {
  ...openAiChat,
  paths,
  read({ headers, body, json }) {
    if (json === undefined) return modelOfForm(headerOf(headers, 'content-type'), body);
    const model: unknown = Reflect.get(Object(json), 'model');
    return {
      model: typeof model === 'string' ? model : null,
      isStream: Reflect.get(Object(json), 'stream') === true || Reflect.get(Object(json), 'stream_format') === 'sse',
    };
  },
  plan(incoming, changes, world) {
    const requestId = `req_${world.newName(32)}`;
    const planned = planFor(incoming, changes, world, requestId);
    if (!('kind' in planned)) return planned;
    return jsonPlan(planned.status, vendorHeaders(requestId, 0), bodyOf(planned, incoming.provider));
  },
};

function planFor(
  incoming: Incoming,
  changes: DialectChanges,
  world: DialectWorld,
  requestId: string,
): ReplyPlan | WireError {
  const refused = keyError(incoming);
  if (refused !== null) return refused;
  const operation = operations[paths.exec(incoming.path)?.[1] ?? ''];
  if (operation === undefined || incoming.method !== 'POST') return invalidUrl(incoming.method, incoming.path);
  return operation({ incoming, changes, world, requestId });
}

/** Voyage and Jina tell what is wrong in a `detail` of their own. */
function bodyOf({ body }: WireError, provider: string): unknown {
  return provider === 'voyage' || provider === 'jina' ? { detail: body.error.message } : body;
}
