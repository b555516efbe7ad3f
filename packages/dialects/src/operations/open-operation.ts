import type { Decoded } from '../canonical/codec.js';
import type { ClientRequest } from '../lane.js';
import { MAX_COST_MEMBER, readMaxCost } from '../max-cost.js';
import { openCompletion } from './completions.js';
import { openEmbeddings } from './embeddings.js';
import { openGeminiEmbeddings } from './gemini-embeddings.js';
import { openImageEdit, openImageEditJson, openImageGeneration } from './images.js';
import { type JsonBody, readJsonBody } from './json-body.js';
import { openModeration } from './moderations.js';
import { type Form, fieldText, readForm, spliceForm } from './multipart.js';
import type { OperationDoor } from './operation-door.js';
import type { OperationRequest } from './operation-request.js';
import { openRerank } from './rerank.js';
import { openSpeech } from './speech.js';
import { openTranscription } from './transcriptions.js';

/**
 * Reads a request that is no conversation, by the door it came through. Never throws; what is wrong is named by its member. Members that are
 * neither priced nor routed on are left to the provider to judge.
 */
export function openOperation(
  door: OperationDoor,
  body: Buffer,
  contentType: string,
  /** where the path names the model */
  model = '',
): Decoded<ClientRequest> {
  switch (door) {
    case 'embedContent':
    case 'batchEmbedContents':
      return openJson(body, contentType, (json) => openGeminiEmbeddings(json, door === 'batchEmbedContents', model));
    case 'embeddings':
      return openJson(body, contentType, openEmbeddings);
    case 'moderations':
      return openJson(body, contentType, openModeration);
    case 'rerank':
      return openJson(body, contentType, openRerank);
    case 'completions':
      return openJson(body, contentType, openCompletion);
    case 'images/generations':
      return openJson(body, contentType, openImageGeneration);
    case 'images/edits':
      return /^\s*multipart\//i.test(contentType)
        ? openForm(body, contentType, (form) => openImageEdit(form, contentType))
        : openJson(body, contentType, openImageEditJson);
    case 'audio/speech':
      return openJson(body, contentType, openSpeech);
    case 'audio/transcriptions':
    case 'audio/translations':
      return openForm(body, contentType, (form) => openTranscription(`/${door}`, form, contentType));
  }
}

function openJson(
  body: Buffer,
  contentType: string,
  open: (json: JsonBody) => Decoded<OperationRequest>,
): Decoded<ClientRequest> {
  const json = readJsonBody(body, contentType);
  return json.ok ? limited(open(json.value), json.value.maxCostUsd) : json;
}

function openForm(
  body: Buffer,
  contentType: string,
  open: (form: Form) => Decoded<OperationRequest>,
): Decoded<ClientRequest> {
  const form = readForm(body, contentType);
  if (!form.ok) return form;
  const said = fieldText(form.value, MAX_COST_MEMBER);
  if (said === null) return open(form.value);
  // a file, or two fields of the name: what it says is no amount
  const read = readMaxCost(said ?? '');
  if (!read.ok) return read;
  const rest = readForm(spliceForm(form.value, {}, new Set([MAX_COST_MEMBER])), contentType);
  return rest.ok ? limited(open(rest.value), read.value) : rest;
}

function limited(opened: Decoded<OperationRequest>, maxCostUsd: string | null): Decoded<ClientRequest> {
  return opened.ok ? { ok: true, value: opened.value.limited(maxCostUsd) } : opened;
}
