import { object, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { decodeAnnotation } from './content.js';
import type { EventType } from './event-types.js';
import { decodeStreamFailure } from './failure.js';
import type { Decoder } from './stream-decoder.js';
import { summaryIndex } from './stream-piece.js';
import { decodeResponseUsage } from './usage.js';

/** What one wire event does, by its type. */
type Handler = (stream: Decoder, event: JsonObject) => void;

const ignore: Handler = () => {};

const note: Handler = (stream) => stream.start();

const terminal =
  (status: string): Handler =>
  (stream, event) => {
    const response: JsonObject = { status, ...object(event['response']) };
    stream.usage = decodeResponseUsage(response) ?? stream.usage;
    stream.serviceTier = text(response['service_tier']);
    stream.finishResponse(response);
  };

const failed: Handler = (stream, event) => {
  const response = object(event['response']) ?? {};
  stream.usage = decodeResponseUsage(response) ?? stream.usage;
  stream.error ??= decodeStreamFailure({ error: object(response['error']) ?? { message: 'The answer failed.' } });
};

const textDelta =
  (type: 'output_text' | 'refusal'): Handler =>
  (stream, event) => {
    const item = stream.itemOf(event, 'message');
    const piece = stream.contentPiece(item, contentIndex(event), { type });
    if (!stream.isOpen(piece)) return;
    stream.write(piece, { kind: 'text', text: text(event['delta']) ?? '' });
    stream.logprobs(event['logprobs']);
  };

const textDone: Handler = (stream, event) => {
  const piece = stream.pieceOf(stream.itemOf(event, 'message'), contentIndex(event));
  stream.complete(piece, 'text', text(event['text']) ?? text(event['refusal']));
};

const callDelta =
  (type: 'function_call' | 'custom_tool_call'): Handler =>
  (stream, event) => {
    const piece = stream.callPiece(stream.itemOf(event, type));
    if (stream.isOpen(piece)) stream.write(piece, { kind: 'arguments', text: text(event['delta']) ?? '' });
  };

const callDone =
  (type: 'function_call' | 'custom_tool_call', member: 'arguments' | 'input'): Handler =>
  (stream, event) =>
    stream.complete(stream.callPiece(stream.itemOf(event, type)), 'arguments', text(event[member]));

const EVENTS: Readonly<Record<EventType, Handler>> = {
  'response.created': note,
  'response.in_progress': note,
  'response.queued': note,
  'response.completed': terminal('completed'),
  'response.incomplete': terminal('incomplete'),
  'response.cancelled': terminal('cancelled'),
  'response.failed': failed,
  error: (stream, event) => {
    stream.error ??= decodeStreamFailure(event);
  },
  'response.output_item.added': (stream, event) => stream.addItem(event),
  'response.output_item.done': (stream, event) => {
    const item = object(event['item']) ?? {};
    stream.finishItem(stream.itemOf(event, text(item['type']) ?? ''), item);
  },
  'response.content_part.added': (stream, event) => {
    const part = object(event['part']) ?? {};
    const isThought = part['type'] === 'reasoning_text';
    if (!isThought) stream.contentPiece(stream.itemOf(event, 'message'), contentIndex(event), part);
  },
  'response.content_part.done': (stream, event) => {
    const part = object(event['part']) ?? {};
    if (part['type'] !== 'reasoning_text')
      stream.finishContent(stream.pieceOf(stream.itemOf(event, 'message'), contentIndex(event)), part);
  },
  'response.output_text.delta': textDelta('output_text'),
  'response.output_text.done': textDone,
  'response.refusal.delta': textDelta('refusal'),
  'response.refusal.done': textDone,
  'response.output_text.annotation.added': (stream, event) => {
    const piece = stream.pieceOf(stream.itemOf(event, 'message'), contentIndex(event));
    const annotation = object(event['annotation']);
    if (annotation !== null && stream.isOpen(piece)) stream.cite(piece, decodeAnnotation(annotation));
  },
  'response.reasoning_summary_part.added': ignore,
  'response.reasoning_summary_part.done': ignore,
  'response.reasoning_summary_text.delta': (stream, event) => {
    const piece = stream.reasoningPiece(stream.itemOf(event, 'reasoning'));
    stream.write(piece, {
      kind: 'summary',
      index: summaryIndex(event['summary_index'], piece),
      text: text(event['delta']) ?? '',
    });
  },
  'response.reasoning_summary_text.done': (stream, event) => {
    const piece = stream.pieceOf(stream.itemOf(event, 'reasoning'), 0);
    stream.completeSummary(piece, summaryIndex(event['summary_index'], piece), text(event['text']));
  },
  'response.reasoning_text.delta': (stream, event) => {
    const piece = stream.reasoningPiece(stream.itemOf(event, 'reasoning'));
    stream.write(piece, { kind: 'text', text: text(event['delta']) ?? '' });
  },
  'response.reasoning_text.done': (stream, event) => {
    const item = stream.itemOf(event, 'reasoning');
    if (contentIndex(event) === 0) stream.complete(stream.pieceOf(item, 0), 'text', text(event['text']));
  },
  'response.function_call_arguments.delta': callDelta('function_call'),
  'response.function_call_arguments.done': callDone('function_call', 'arguments'),
  'response.custom_tool_call_input.delta': callDelta('custom_tool_call'),
  'response.custom_tool_call_input.done': callDone('custom_tool_call', 'input'),
  keepalive: ignore,
};

const HANDLERS: ReadonlyMap<string, Handler> = new Map(Object.entries(EVENTS));

/** Undefined for events that say nothing here: steps of tools at the provider, whose items come whole when they are done, and unknown ones. */
export function handlerOf(type: string): Handler | undefined {
  return HANDLERS.get(type);
}

function contentIndex(event: JsonObject): number {
  return typeof event['content_index'] === 'number' ? event['content_index'] : 0;
}
