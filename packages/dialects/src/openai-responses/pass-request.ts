import type { Decoded, SplicedRequest, Target } from '../canonical/codec.js';
import { isObject, list } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { readSeal } from '../canonical/seal-envelope.js';
import { listElements } from '../json-layout.js';
import { applySplices, type Splice } from '../splice.js';
import { mayReason, PATH } from './encode-request.js';
import { elementSplices, ObjectEdit } from './json-edit.js';
import { callerFacts } from './request.js';
import { DIALECT, SEALS_WANTED } from './wire.js';

/** The only edits to a request on its way to a provider of this dialect. All other bytes are kept. */
export const REQUEST_SPLICES = [
  { name: 'model', what: 'the value is replaced', why: 'the provider knows the model by its own id' },
  {
    name: 'max_output_tokens',
    what: 'a larger value is lowered; inserted where the request had no maximum',
    why: 'the answer must fit what was held for it',
  },
  {
    name: 'store',
    what: 'false, inserted where missing',
    why: 'state is ours: nothing of a tenant is stored at a provider',
  },
  { name: 'previous_response_id', what: 'removed', why: 'its history has been put into the input' },
  {
    name: 'include',
    what: 'reasoning.encrypted_content is added for models that think',
    why: 'without storing, thinking can only come back sealed',
  },
  {
    name: 'input',
    what: 'reasoning under another vendor’s seal, or under none, is removed',
    why: 'the provider refuses it: it neither made nor stored it',
  },
  {
    name: 'safety_identifier, user',
    what: 'the one the provider reads is replaced or inserted, the other removed',
    why: 'a provider sees a hash of our own, never the tenant’s name for its user',
  },
  { name: 'rejected fields', what: 'removed, and told as losses', why: 'the provider answers 400 to them' },
] as const;

export function spliceRequest(body: Buffer, request: CanonicalRequest, target: Target): Decoded<SplicedRequest> {
  const edit = ObjectEdit.of(body, 0, body.length);
  if (edit === null)
    return {
      ok: false,
      failure: { code: 'invalid_json', message: 'The request body must be a JSON object.', param: null },
    };
  const losses = new Losses();
  const { rejectedFields } = target.quirks;
  edit.put('model', JSON.stringify(target.model));
  limitOutput(edit, request, target);
  edit.remove('previous_response_id');
  if (mayReason(request, target.model)) wantSeals(edit);
  replaceUser(edit, target);
  if (rejectedFields.includes('store')) edit.remove('store');
  else edit.put('store', 'false');
  for (const name of rejectedFields)
    if (name !== 'store' && isSaid(edit, name) && edit.remove(name) && name !== 'metadata') losses.dropped(name);
  const splices = [...edit.finished(), ...inputSplices(body, edit, request, target, losses)];
  return { ok: true, value: { path: PATH, body: applySplices(body, splices), headers: {}, losses: losses.list() } };
}

function isSaid(edit: ObjectEdit, name: string): boolean {
  const member = edit.find(name);
  return member !== undefined && edit.textOf(member) !== 'null';
}

function limitOutput(edit: ObjectEdit, request: CanonicalRequest, { outputMax }: Target): void {
  if (outputMax === null) return;
  const asked = request.maxOutputTokens;
  if (asked === null || asked > outputMax) edit.put('max_output_tokens', String(outputMax));
}

function wantSeals(edit: ObjectEdit): void {
  const include = edit.valueOf('include');
  if (!Array.isArray(include)) edit.put('include', JSON.stringify([SEALS_WANTED]));
  else if (!include.includes(SEALS_WANTED)) edit.put('include', JSON.stringify([...include, SEALS_WANTED]));
}

function replaceUser(edit: ObjectEdit, { quirks, safetyIdentifier }: Target): void {
  const field = quirks.safetyIdentifierField;
  if (safetyIdentifier === null || field === null || field === 'metadata.user_id') return;
  edit.put(field, JSON.stringify(safetyIdentifier));
  edit.remove(field === 'user' ? 'safety_identifier' : 'user');
}

// --- thinking that is not the provider's ----------------------------------------------------------------------------------

/** Bytes are looked at only where an item of the parsed input is thinking that cannot go back. */
function inputSplices(
  body: Buffer,
  edit: ObjectEdit,
  request: CanonicalRequest,
  target: Target,
  losses: Losses,
): readonly Splice[] {
  const replaysThinking = target.quirks.reasoningReplayField !== null;
  const items = list(callerFacts(request)?.body['input']);
  const hasStrange = items.some((item) => isStrangeThought(item, replaysThinking));
  const input = edit.find('input');
  if (!hasStrange || input === undefined) return [];
  const elements: { from: number; to: number }[] = [];
  if (listElements(body, input.valueFrom, input.valueTo, elements) === -1) return [];
  const edits = new Map<number, null>();
  for (const [index, { from, to }] of elements.entries()) {
    const item: unknown = JSON.parse(body.toString('utf8', from, to));
    if (!isStrangeThought(item, replaysThinking)) continue;
    edits.set(index, null);
    losses.dropped(`input[${index}].reasoning`);
  }
  return elementSplices(elements, edits);
}

/** Without a seal it is an id of something the provider would have had to store, and with another's it is nothing to this one. */
function isStrangeThought(item: unknown, replaysThinking: boolean): boolean {
  if (!isObject(item) || item['type'] !== 'reasoning') return false;
  const sealed = item['encrypted_content'];
  if (typeof sealed !== 'string' || sealed === '') return !replaysThinking;
  return readSeal(sealed, DIALECT, 'encrypted').dialect !== DIALECT;
}
