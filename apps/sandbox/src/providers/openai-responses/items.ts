import { invalidRequest, type WireError, wireError } from '../openai/errors.js';
import { itemOfEncrypted } from './encrypted-content.js';
import type { Item } from './wire.js';

/** What the surroundings say about a request. */
export interface Door {
  readonly provider: string;
  /** Whether encrypted reasoning is opened; off for conversations that were recorded elsewhere. */
  readonly opensReasoning: boolean;
}

/** Checks what the items of an input say after one another. */
export function itemsError(items: readonly Item[], door: Door): WireError | null {
  return idError(items) ?? partsError(items) ?? reasoningError(items, door) ?? pairingError(items);
}

const idPrefixes: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fc',
  reasoning: 'rs',
};

function idError(items: readonly Item[]): WireError | null {
  for (const [index, item] of items.entries()) {
    const prefix = idPrefixes[item.type];
    const id: unknown = 'id' in item ? item.id : undefined;
    if (prefix === undefined || typeof id !== 'string' || id.startsWith(prefix)) continue;
    const param = `input[${index}].id`;
    return invalidRequest(
      `Invalid '${param}': '${id}'. Expected an ID that begins with '${prefix}'.`,
      param,
      'invalid_value',
    );
  }
  return null;
}

/** Assistants speak in output parts, everybody else in input parts. */
function partsError(items: readonly Item[]): WireError | null {
  for (const [index, item] of items.entries()) {
    if (item.type !== 'message' || typeof item.content === 'string') continue;
    for (const [at, part] of item.content.entries()) {
      const isOutput = part.type === 'output_text' || part.type === 'refusal';
      if (isOutput === (item.role === 'assistant')) continue;
      const supported =
        item.role === 'assistant'
          ? "'output_text' and 'refusal'"
          : "'input_text', 'input_image', 'input_audio', and 'input_file'";
      const param = `input[${index}].content[${at}]`;
      return invalidRequest(
        `Invalid value: '${part.type}'. Supported values are: ${supported}.`,
        param,
        'invalid_value',
      );
    }
  }
  return null;
}

function reasoningError(items: readonly Item[], door: Door): WireError | null {
  for (const [index, item] of items.entries()) {
    if (item.type === 'item_reference') return notPersisted(String(item['id']));
    if (item.type !== 'reasoning') continue;
    if (item.encrypted_content == null) {
      if (item.id != null && door.opensReasoning) return notPersisted(item.id);
    } else if (door.opensReasoning) {
      const owner = itemOfEncrypted(door.provider, item.encrypted_content);
      const shown = `${item.encrypted_content.slice(0, 4)}...${item.encrypted_content.slice(-4)}`;
      if (owner === null) return unverified(shown, 'Encrypted content could not be decrypted or parsed.');
      if (item.id != null && item.id !== owner)
        return unverified(shown, 'Encrypted content item_id did not match the target item id.');
    }
    if (!isFollowed(items, index))
      return invalidRequest(
        `Item '${item.id ?? 'rs_unknown'}' of type 'reasoning' was provided without its required following item.`,
        'input',
        null,
      );
  }
  return null;
}

/** What was thought belongs to what was said or called next; several thoughts may stand in a row. */
function isFollowed(items: readonly Item[], index: number): boolean {
  const next = items.slice(index + 1).find((item) => item.type !== 'reasoning');
  if (next === undefined) return false;
  return next.type === 'message' ? next.role === 'assistant' : next.type !== 'function_call_output';
}

function unverified(shown: string, reason: string): WireError {
  return invalidRequest(
    `The encrypted content ${shown} could not be verified. Reason: ${reason}`,
    null,
    'invalid_encrypted_content',
  );
}

function notPersisted(id: string): WireError {
  return wireError(
    404,
    `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    'invalid_request_error',
    'input',
    null,
  );
}

/** Every output answers a call before it, and every call has its output. */
function pairingError(items: readonly Item[]): WireError | null {
  const open = new Set<string>();
  const called = new Set<unknown>();
  for (const item of items) {
    if (item.type === 'function_call') open.add(item.call_id);
    // Calls of hosted tools the caller runs (a tool search) are answered the same way, or by items of their own.
    if (item.type.endsWith('_call') && 'call_id' in item) called.add(item.call_id);
    if (item.type !== 'function_call_output') continue;
    open.delete(item.call_id);
    if (!called.delete(item.call_id))
      return invalidRequest(`No tool call found for function call output with call_id ${item.call_id}.`, 'input', null);
  }
  const [unanswered] = open;
  return unanswered === undefined
    ? null
    : invalidRequest(`No tool output found for function call ${unanswered}.`, 'input', null);
}
