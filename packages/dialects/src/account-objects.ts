import { isObject } from './canonical/json-read.js';
import type { JsonObject, Part } from './canonical/part.js';
import type { CanonicalRequest } from './canonical/request.js';
import { callersMessage, callersPath } from './canonical/request-words.js';
import type { RequestFailure } from './failure.js';

/**
 * Files, buckets, containers, stores and connectors at a vendor belong to our account there, not to a tenant (law 6): a request that names one is
 * refused before anything is held or sent, wherever in it the name stands and whichever dialect it would go on in.
 */
export function findAccountObject(request: CanonicalRequest): RequestFailure | null {
  const { dialect, messages, tools, extras } = request;
  for (const [index, message] of messages.entries()) {
    for (const [position, part] of message.parts.entries())
      if (isInAccount(part))
        return refused(callersPath(dialect, `${callersMessage(request, index)}.content[${position}]`));
    if (namesObject(message.extras?.fields)) return refused(callersMessage(request, index));
  }
  const tool = tools.findIndex((one) => one.kind === 'server' && namesObject(one.value));
  if (tool !== -1) return refused(`tools[${tool}]`);
  const named = Object.entries(extras?.fields ?? {}).find(([name, value]) => namesObject({ [name]: value }));
  return named === undefined ? null : refused(named[0]);
}

/** Whether a URL names an object of an account instead of a page: a bucket's scheme, or a file that was uploaded to Google. */
export function isAccountAddress(url: string): boolean {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(url.slice(0, 64))?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'data') return false;
  return (scheme !== 'http' && scheme !== 'https') || hostOf(url).includes('generativelanguage');
}

/** What cannot be read as a URL is searched as a whole: a provider may read it in another way. */
function hostOf(url: string): string {
  try {
    return new URL(url.trim()).hostname;
  } catch {
    return url.toLowerCase();
  }
}

function refused(param: string): RequestFailure {
  const message = `${param} names an object of an account at a provider (a file, a bucket, a container …): send its content, or a URL of the web.`;
  return { code: 'not_supported', message, param };
}

function isInAccount(part: Part): boolean {
  if (namesObject(part.extras?.fields)) return true;
  switch (part.kind) {
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return part.source.kind === 'reference' || (part.source.kind === 'url' && isAccountAddress(part.source.url));
    case 'tool_result':
      return part.content.some(isInAccount);
    case 'server_tool':
      return namesObject(part.value) || (part.tool === 'image_generation' && isByName(part.value));
    case 'opaque':
      return namesObject(part.value);
    default:
      return false;
  }
}

/** A picture of an earlier answer without its bytes: the vendor would look it up. */
function isByName({ type, result }: JsonObject): boolean {
  return type === 'image_generation_call' && (typeof result !== 'string' || result === '');
}

/** Members that name an object wherever they stand, in both spellings. */
const NAMES =
  /^(file_?ids?|container_?id|container|vector_?store_?ids?|connector_?id|cached_?content|s3_?location|file_?search_?store_?names)$/i;
const ADDRESSES = /^(file_?uri|file_?url|image_?url|video_?url)$/i;
/** What a tool was called with or gave, and schemas, are the caller's own words. */
const CALLERS_OWN = /^(input|arguments|args|response|parameters|input_?schema|input_?examples)$/i;

function namesObject(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(namesObject);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([name, inner]) => {
    if (CALLERS_OWN.test(name)) return false;
    if (NAMES.test(name) && isName(inner)) return true;
    if (typeof inner === 'string') return ADDRESSES.test(name) && isAccountAddress(inner);
    return namesObject(inner);
  });
}

function isName(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'string' && value !== '';
}
