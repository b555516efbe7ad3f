import { isAccountAddress } from '../account-objects.js';
import { filledText, isObject } from '../canonical/json-read.js';
import type {
  AudioPart,
  DocumentPart,
  Extras,
  ImagePart,
  JsonObject,
  MediaSource,
  VideoPart,
} from '../canonical/part.js';
import { member } from './wire.js';

export type MediaPart = ImagePart | AudioPart | VideoPart | DocumentPart;

/** Pictures, sounds and films by their type; everything else a model reads is a document. */
export function mediaPart(source: MediaSource, name: string | null, extras: Extras | null): MediaPart {
  const type = source.kind === 'url' ? (source.mediaType ?? mediaTypeOf(source.url) ?? '') : (source.mediaType ?? '');
  const more = extras === null ? {} : { extras };
  if (type.startsWith('image/')) return { kind: 'image', source, ...more };
  if (type.startsWith('audio/')) return { kind: 'audio', source, ...more };
  if (type.startsWith('video/')) return { kind: 'video', source, ...more };
  return { kind: 'document', source, name, context: null, isCitable: null, ...more };
}

/** A `fileUri` that names an object in somebody's Google account: an uploaded file or a bucket. What is on the web is not. */
export function isAccountFile(uri: string): boolean {
  return !/^https?:\/\//i.test(uri) || isAccountAddress(uri);
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  aac: 'audio/aac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
};
const YOUTUBE = /^https?:\/\/([\w-]+\.)?(youtube\.com|youtu\.be)\//i;

/** The type of what a URL names, by its ending; null where it tells nothing. */
export function mediaTypeOf(url: string): string | null {
  if (YOUTUBE.test(url)) return 'video/mp4';
  const path = url.split(/[?#]/, 1)[0] ?? '';
  return EXTENSIONS[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? null;
}

const USUAL: Readonly<Record<MediaPart['kind'], string>> = {
  image: 'image/jpeg',
  audio: 'audio/mpeg',
  video: 'video/mp4',
  document: 'application/pdf',
};

/** A source as a part of this wire; null for a file in an account, which is nobody's to name. */
export function encodeMedia(part: MediaPart): JsonObject | null {
  const { source } = part;
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'text': {
      const data = Buffer.from(source.text, 'utf8').toString('base64');
      return { inlineData: { mimeType: source.mediaType, data } };
    }
    case 'url': {
      const inline = /^data:([^;,]+);base64,(.*)$/s.exec(source.url);
      if (inline !== null) return { inlineData: { mimeType: inline[1], data: inline[2] } };
      if (isAccountFile(source.url)) return null;
      const mimeType = source.mediaType ?? mediaTypeOf(source.url) ?? USUAL[part.kind];
      return { fileData: { mimeType, fileUri: source.url } };
    }
    case 'reference':
      return null;
  }
}

/** `inlineData` as a source; null where it is none. */
export function inlineSource(value: unknown): Extract<MediaSource, { kind: 'base64' }> | null {
  if (!isObject(value)) return null;
  const mediaType = filledText(member(value, 'mimeType'));
  const data = member(value, 'data');
  return mediaType === null || typeof data !== 'string' ? null : { kind: 'base64', mediaType, data };
}
