import { countTextTokens } from '../token-count.js';
import { secondsBound, secondsOf } from './audio-seconds.js';

/** Nothing that is sold as speech is written with more bytes a second: FLAC of two channels, 48 kHz and 24 bits. */
const BYTES_PER_SECOND_MAX = 300_000;
/** Nobody speaks faster, in any language: fast English is 7. */
const TOKENS_PER_SECOND_MAX = 10;
/** `00:59:58,000 --> 01:00:00,040` of SubRip, and WebVTT's without hours and with a point. */
const CUE = /^(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3} --> (?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})/gm;

/**
 * How long a recording is held to be where its provider does not say: what its container says, which is the caller's word, and never less than what
 * the bytes, the words that were heard and the times that came back with them allow.
 */
export function heardSeconds(file: Buffer, said: string, format: string): number {
  const claimed = secondsOf(file) ?? secondsBound(file);
  // WAV is as long as its bytes at the rate it states: whoever plays it goes by the same.
  const isExact = file.toString('latin1', 0, 4) === 'RIFF';
  const played = isExact ? 0 : file.length / BYTES_PER_SECOND_MAX;
  const spoken = said === '' ? 0 : countTextTokens(said) / TOKENS_PER_SECOND_MAX;
  return isTimed(format)
    ? Math.ceil(Math.max(claimed, played, lastCue(said)))
    : Math.ceil(Math.max(claimed, played, spoken));
}

function isTimed(format: string): boolean {
  return format === 'srt' || format === 'vtt';
}

function lastCue(subtitles: string): number {
  let last = 0;
  for (const [, hours = '0', minutes = '0', seconds = '0', thousandths = '0'] of subtitles.matchAll(CUE))
    last = Math.max(last, Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds) + Number(thousandths) / 1_000);
  return last;
}
