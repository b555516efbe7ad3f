import { filledText } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { Citation, JsonObject, Part, ReasoningPart, Seal, TextPart, ToolCallPart } from '../canonical/part.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { sealText } from '../canonical/seal-envelope.js';
import { argumentsObject } from '../canonical/tool-arguments.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import { clientCitation, ownCitation } from './citations.js';
import { CALL_ID_RULE, hasOwnBodies, ME } from './wire.js';

/** What the blocks of an answer depend on besides its parts. */
export interface BlockFacts {
  readonly losses: Losses;
  /** the caller wants signatures and no words (`display: "omitted"`): not every provider can be told that */
  readonly isThinkingHidden: boolean;
}

export function blockFacts(request: CanonicalRequest, losses: Losses): BlockFacts {
  return { losses, isThinkingHidden: request.reasoning?.isShown === false };
}

/** The blocks that stand for one part of an answer: none where it cannot be said (a loss), two where a seal needs a place of its own. */
export function clientBlocks(part: Part, at: string, facts: BlockFacts): readonly JsonObject[] {
  const { losses } = facts;
  switch (part.kind) {
    case 'text':
      return [...sealBlocks(part.seal), ...(part.text === '' ? [] : [textBlock(part, at, losses)])];
    case 'refusal':
      losses.approximated(at);
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'reasoning':
      return thinkingBlocks(part, at, facts);
    case 'tool_call':
      return [...sealBlocks(part.seal), callBlock(part, at, losses)];
    case 'server_tool':
    case 'opaque':
      return vendorBlocks(part, at, losses);
    case 'audio':
      if (part.transcript) {
        losses.approximated(at);
        return [{ type: 'text', text: part.transcript }];
      }
      losses.dropped(at);
      return [];
    case 'image':
    case 'video':
    case 'document':
    case 'tool_result':
      losses.dropped(at);
      return [];
  }
}

/** A seal on a text or a call (Gemini's) gets a thinking block without words right before it; it is read back as reasoning with that seal. */
export function sealBlocks(seal: Seal | undefined): readonly JsonObject[] {
  return seal === undefined ? [] : [{ type: 'thinking', thinking: '', signature: sealText(seal, ME) }];
}

function textBlock(part: TextPart, at: string, losses: Losses): JsonObject {
  const citations = clientCitations(part, at, losses);
  return {
    type: 'text',
    text: part.text,
    ...(citations.length === 0 ? {} : { citations }),
    ...ownFields(part, at, losses),
  };
}

function clientCitations({ citations }: TextPart, at: string, losses: Losses): readonly JsonObject[] {
  return (citations ?? []).flatMap((citation) => {
    const said = tellCitation(citation, at, losses);
    return said === null ? [] : [said];
  });
}

/** A citation for the client; where it stands in the text cannot be said here, and a source that is no page not at all. */
export function tellCitation(citation: Citation, at: string, losses: Losses): JsonObject | null {
  const said = clientCitation(citation);
  if (said === null) losses.dropped(`${at}.citations`);
  else if (ownCitation(citation) === null || citation.start !== null) losses.approximated(`${at}.citations`);
  return said;
}

/** Thinking as this dialect shows it: the words, else the summary's pieces one after the other. */
export function thinkingText({ text, summary }: ReasoningPart): string {
  return text === '' ? summary.filter((piece) => piece !== '').join(SUMMARY_SEPARATOR) : text;
}

export const SUMMARY_SEPARATOR = '\n\n';

/** State without words is redacted thinking here, unless it is a signature, which has a thinking block to stand in. */
export function isRedacted(seal: Seal, words: string): boolean {
  return seal.form === 'redacted' || (seal.form === 'encrypted' && words === '');
}

function thinkingBlocks(part: ReasoningPart, at: string, facts: BlockFacts): readonly JsonObject[] {
  nameReasoningLosses(part, at, facts.losses);
  const words = thinkingText(part);
  const { seal } = part;
  const own = ownFields(part, at, facts.losses);
  if (seal !== null && isRedacted(seal, words)) {
    if (words !== '') facts.losses.dropped(`${at}.text`);
    return [{ type: 'redacted_thinking', data: sealText(seal, ME), ...own }];
  }
  const shown = facts.isThinkingHidden ? '' : words;
  if (shown === '' && seal === null) return [];
  return [{ type: 'thinking', thinking: shown, signature: seal === null ? '' : sealText(seal, ME), ...own }];
}

export function nameReasoningLosses({ id, summary }: ReasoningPart, at: string, losses: Losses): void {
  if (id !== null) losses.dropped(`${at}.id`);
  if (summary.length > 0) losses.approximated(`${at}.summary`);
}

function callBlock(part: ToolCallPart, at: string, losses: Losses): JsonObject {
  return {
    type: 'tool_use',
    id: wireCallId(part.id, CALL_ID_RULE),
    name: part.name,
    input: clientInput(part, at, losses),
    ...ownFields(part, at, losses),
  };
}

function clientInput(part: ToolCallPart, at: string, losses: Losses): JsonObject {
  const input = part.variant === 'custom' ? null : argumentsObject(part.arguments);
  if (input !== null) return input;
  losses.approximated(`${at}.arguments`);
  return part.variant === 'custom' ? { input: part.arguments } : { invalid_json: part.arguments };
}

function vendorBlocks(
  part: Extract<Part, { kind: 'server_tool' | 'opaque' }>,
  at: string,
  losses: Losses,
): readonly JsonObject[] {
  // a block without a type would break every reader of the stream
  const isOwn = hasOwnBodies(part.dialect) && filledText(part.value['type']) !== null;
  if (isOwn) return [{ ...part.value, ...ownFields(part, at, losses) }];
  losses.dropped(at);
  return [];
}

/** Unknown members that came from this dialect. */
export function ownFields({ extras }: Part, at: string, losses: Losses): JsonObject {
  losses.extras(extras, ME, at);
  return extras?.dialect === ME ? extras.fields : {};
}
