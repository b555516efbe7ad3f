import type { CallIdRule } from '../canonical/tool-call-id.js';

/** The name of this dialect in seals, extras and losses. */
export const ME = 'bedrock-converse';

/** `/model/<id>/converse`: the id is one path segment, so an ARN's slashes and colons are escaped. */
export function conversePath(model: string, isStream: boolean): string {
  return `/model/${encodeURIComponent(model)}/${isStream ? 'converse-stream' : 'converse'}`;
}

/** Ids of calls as Converse takes them; what a model's own rules want beyond that stands in model-traits.ts. */
export const CALL_ID_RULE: CallIdRule = { pattern: /^[a-zA-Z0-9_.:-]+$/, maxLength: 64 };

const TOOL_NAME_CHARACTERS_MAX = 64;

/** Any tool name as one that is legal here. */
export function legalToolName(name: string, ending: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, TOOL_NAME_CHARACTERS_MAX - ending.length);
  return `${legal === '' ? 'tool' : legal}${ending}`;
}

/** Formats by media type. One format may have several types; the first one in the list is what a decoder gives. */
const IMAGE_FORMATS = [
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  ['image/jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
] as const;

const DOCUMENT_FORMATS = [
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/html', 'html'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
  ['text/x-markdown', 'md'],
] as const;

const VIDEO_FORMATS = [
  ['video/mp4', 'mp4'],
  ['video/x-matroska', 'mkv'],
  ['video/quicktime', 'mov'],
  ['video/webm', 'webm'],
  ['video/x-flv', 'flv'],
  ['video/mpeg', 'mpeg'],
  ['video/mpg', 'mpg'],
  ['video/x-ms-wmv', 'wmv'],
  ['video/3gpp', 'three_gp'],
] as const;

const AUDIO_FORMATS = [
  ['audio/wav', 'wav'],
  ['audio/x-wav', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/mp3', 'mp3'],
  ['audio/flac', 'flac'],
  ['audio/ogg', 'ogg'],
  ['audio/opus', 'opus'],
  ['audio/aac', 'aac'],
  ['audio/mp4', 'mp4'],
  ['audio/m4a', 'm4a'],
  ['audio/webm', 'webm'],
] as const;

const FORMATS: Readonly<Record<MediaKind, readonly (readonly [string, string])[]>> = {
  image: IMAGE_FORMATS,
  document: DOCUMENT_FORMATS,
  video: VIDEO_FORMATS,
  audio: AUDIO_FORMATS,
};

export type MediaKind = 'image' | 'document' | 'video' | 'audio';

/** The word for a media type (parameters as `;charset=` do not count), or null where there is none. */
export function formatOf(kind: MediaKind, mediaType: string): string | null {
  const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
  return FORMATS[kind].find(([name]) => name === type)?.[1] ?? null;
}

/** The media type of a format; Nova was seen to take whole types (`video/mp4`) as well. */
export function mediaTypeOf(kind: MediaKind, format: string): string {
  return (
    FORMATS[kind].find(([, name]) => name === format)?.[0] ?? (format.includes('/') ? format : `${kind}/${format}`)
  );
}
