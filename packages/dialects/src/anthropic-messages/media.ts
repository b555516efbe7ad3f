import { isObject, objects, text } from '../canonical/json-read.js';
import type { DocumentPart, ImagePart, JsonObject, MediaSource } from '../canonical/part.js';
import { refuse } from './refused.js';
import { hasOwnBodies, ME, saidMembers } from './wire.js';

/** Reads the `source` of an image or a document; null for a kind nobody knows, which makes the block opaque. */
export function decodeSource(source: JsonObject): MediaSource | null {
  switch (source['type']) {
    case 'base64':
      return { kind: 'base64', mediaType: text(source['media_type']) ?? '', data: text(source['data']) ?? '' };
    case 'url':
      return { kind: 'url', url: text(source['url']) ?? '', mediaType: null };
    case 'text':
      return {
        kind: 'text',
        text: text(source['data']) ?? '',
        mediaType: text(source['media_type']) ?? 'text/plain',
      };
    case 'file':
      return { kind: 'reference', dialect: ME, id: text(source['file_id']) ?? '', mediaType: null };
    case 'content':
      // The blocks themselves are kept in extras; their text is what other dialects can be told.
      return { kind: 'text', text: contentText(source['content']), mediaType: 'text/plain' };
    default:
      return null;
  }
}

/** The text of blocks, or of a string that stands for one. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return objects(content)
    .flatMap((block) => text(block['text']) ?? [])
    .join('\n');
}

export function encodeImageSource({ source }: ImagePart, at: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return urlSource(source.url);
    case 'reference':
      return refuseReference(at);
    case 'text':
      return refuse('unsupported_content', at, `${at}: an image cannot be given as text to this provider.`);
  }
}

export function encodeDocumentSource({ source }: DocumentPart, at: string): JsonObject {
  switch (source.kind) {
    case 'base64':
      return base64Document(source.mediaType, source.data, at);
    case 'url':
      return urlSource(source.url);
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'reference':
      return refuseReference(at);
  }
}

/** PDF and plain text are all that is taken; a text in base64 is decoded. */
function base64Document(mediaType: string, data: string, at: string): JsonObject {
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data };
  if (/^(text\/|application\/(json|xml|x-yaml|yaml)\b)/.test(mediaType))
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(data, 'base64').toString('utf8') };
  return refuse(
    'unsupported_content',
    at,
    `${at}: this provider takes documents as PDF or text, not as ${mediaType === '' ? 'a file without a type' : mediaType}.`,
  );
}

/** A data URL is no address for this vendor: it is the file itself. */
function urlSource(url: string): JsonObject {
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(url);
  return data === null ? { type: 'url', url } : { type: 'base64', media_type: data[1], data: data[2] };
}

/** Files and containers at a vendor belong to our account there, not to a tenant: they never cross the edge. */
export function refuseReference(at: string): never {
  return refuse('not_supported', at, `${at}: a file cannot be referred to by its id; send its content.`);
}

/** Blocks that name an object at the vendor. */
export function namesVendorObject(block: JsonObject): boolean {
  if (block['type'] === 'container_upload') return true;
  const source = block['source'];
  return isObject(source) && source['type'] === 'file';
}

/** Members of a document block but its source and its type. */
export function encodeDocumentFacts({ name, context, isCitable, extras }: DocumentPart): JsonObject {
  const own = extras !== undefined && hasOwnBodies(extras.dialect) ? extras.fields : {};
  const citations = own['citations'] ?? (isCitable === null ? null : { enabled: isCitable });
  return saidMembers({ title: name === '' ? null : name, context: context === '' ? null : context, citations });
}
