import type { MediaSource } from '../canonical/part.js';

/** Media types by the word OpenAI has for them in `input_audio.format`. Everything else is called by the end of its type. */
const AUDIO_TYPES: Readonly<Record<string, string>> = { wav: 'audio/wav', mp3: 'audio/mpeg' };
const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
};

export function audioType(format: string): string {
  return Object.hasOwn(AUDIO_TYPES, format) ? (AUDIO_TYPES[format] ?? '') : `audio/${format}`;
}

export function audioFormat(mediaType: string): string {
  return AUDIO_FORMATS[mediaType] ?? mediaType.slice(mediaType.indexOf('/') + 1);
}

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,/i;

/** A `url` of the wire: a data URL is its bytes, everything else an address. Only the head of a data URL is looked at by the pattern. */
export function sourceOfUrl(url: string): MediaSource {
  if (!/^data:/i.test(url)) return { kind: 'url', url, mediaType: null };
  const head = DATA_URL.exec(url.slice(0, 256));
  if (head === null) return { kind: 'url', url, mediaType: null };
  const mediaType = head[1] === '' ? 'text/plain' : (head[1] ?? 'text/plain');
  const rest = url.slice(head[0].length);
  if (head[3] !== undefined) return { kind: 'base64', mediaType, data: rest };
  return { kind: 'text', mediaType, text: percentDecoded(rest) };
}

/** The other way; null for an object at a vendor, which has no address. */
export function urlOfSource(source: MediaSource): string | null {
  switch (source.kind) {
    case 'url':
      return source.url;
    case 'base64':
      return `data:${source.mediaType};base64,${source.data}`;
    case 'text':
      return `data:${source.mediaType};base64,${Buffer.from(source.text, 'utf8').toString('base64')}`;
    case 'reference':
      return null;
  }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
