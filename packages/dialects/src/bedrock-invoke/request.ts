import { client } from '../anthropic-messages/index.js';
import type { Decoded, DoorFacts } from '../canonical/codec.js';
import { parseObject } from '../canonical/json-read.js';
import type { CanonicalRequest } from '../canonical/request.js';

/** Reads a request for Claude in this dialect, for the replay of recorded ones: Anthropic's body, whose model stands in the path. */
export function decodeRequest(body: Buffer, door: DoorFacts): Decoded<CanonicalRequest> {
  const { anthropic_version: _version, ...members } = parseObject(body.toString('utf8')) ?? {};
  const whole = { model: door.model ?? '', ...members, ...(door.isStream === true ? { stream: true } : {}) };
  return client.decodeRequest(Buffer.from(JSON.stringify(whole)), door);
}
