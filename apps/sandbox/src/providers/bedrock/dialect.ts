import type { Incoming } from '../../attempt/incoming.js';
import { jsonPlan, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Dialect, DialectChanges, DialectWorld } from '../dialect.js';
import { planConverse } from './converse.js';
import { type BedrockError, bedrockError, errorOfStatus, errorTypeHeader, validationError } from './errors.js';
import { eventMessage, exceptionMessage } from './event-stream.js';
import { planInvoke } from './invoke.js';
import { fieldOf, isUnknownModel } from './models.js';
import { requestHeaders } from './reply-headers.js';
import { accountError } from './signature.js';

const paths = /\/model\/(.+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;

/** Amazon Bedrock's runtime: Converse and InvokeModel, whole and streamed. The model stands in the path. */
export const bedrock: Dialect = {
  paths,
  read({ path }) {
    const [, model, operation = ''] = paths.exec(path) ?? [];
    return { model: model ?? null, isStream: operation.endsWith('stream') };
  },
  plan(incoming, changes, world) {
    const planned = planFor(incoming, changes, world);
    return 'kind' in planned ? errorPlan(planned, world) : planned;
  },
  errorOfStatus(status) {
    const error = errorOfStatus(status);
    return { headers: { 'x-amzn-errortype': errorTypeHeader(error.type) }, body: { message: error.message } };
  },
  errorEvent(error, name) {
    const type = name ?? fieldOf(error, 'type');
    const payload = typeof error === 'object' && error !== null ? error : { message: errorOfStatus(500).message };
    return exceptionMessage(typeof type === 'string' ? type : 'internalServerException', payload);
  },
  brokenEvent: brokenMessage(),
};

/** A message whose text was changed after its checksum was made. */
function brokenMessage(): Buffer {
  const message = eventMessage('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'broken' } });
  message.writeUInt8(message.readUInt8(message.length - 10) ^ 1, message.length - 10);
  return message;
}

function planFor(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | BedrockError {
  const refused = accountError(incoming);
  if (refused !== null) return refused;
  if (incoming.method !== 'POST') return bedrockError(404, 'UnknownOperationException', 'Unknown operation.');
  if (incoming.model === null || isUnknownModel(incoming.model))
    return validationError('The provided model identifier is invalid.');
  return /\/invoke[a-z-]*$/.test(incoming.path)
    ? planInvoke(incoming, changes, world)
    : planConverse(incoming, changes, world);
}

function errorPlan(error: BedrockError, world: DialectWorld): ReplyPlan {
  const headers = { ...requestHeaders(world), 'x-amzn-errortype': errorTypeHeader(error.type) };
  return jsonPlan(error.status, headers, { message: error.message });
}
