import type { Decoded } from '../canonical/codec.js';
import type { ClientRequest } from '../lane.js';
import { openCompletion } from './completions.js';
import { openEmbeddings } from './embeddings.js';
import { type JsonBody, readJsonBody } from './json-body.js';
import { openModeration } from './moderations.js';
import type { OperationDoor } from './operation-door.js';
import { openRerank } from './rerank.js';

/**
 * Reads a request that is no conversation, by the door it came through. Never throws; what is wrong is named by its member. Members that are
 * neither priced nor routed on are left to the provider to judge.
 */
export function openOperation(door: OperationDoor, body: Buffer, contentType: string): Decoded<ClientRequest> {
  switch (door) {
    case 'embeddings':
      return openJson(body, contentType, openEmbeddings);
    case 'moderations':
      return openJson(body, contentType, openModeration);
    case 'rerank':
      return openJson(body, contentType, openRerank);
    case 'completions':
      return openJson(body, contentType, openCompletion);
    case 'images/generations':
    case 'images/edits':
    case 'audio/speech':
    case 'audio/transcriptions':
    case 'audio/translations':
      return { ok: false, failure: { code: 'not_supported', message: `${door} is not supported yet.`, param: null } };
  }
}

function openJson(
  body: Buffer,
  contentType: string,
  open: (json: JsonBody) => Decoded<ClientRequest>,
): Decoded<ClientRequest> {
  const json = readJsonBody(body, contentType);
  return json.ok ? open(json.value) : json;
}
