import type { JsonObject } from './canonical/part.js';

/** The JSON of a stream's events by a reading of its own, line by line: what the codecs must agree with. */
export function jsonLines(stream: string): JsonObject[] {
  const lines = stream.split(/\r\n|\n|\r/).filter((line) => /^data:\s*\{/.test(line));
  return lines.map((line) => JSON.parse(line.slice(5)));
}
