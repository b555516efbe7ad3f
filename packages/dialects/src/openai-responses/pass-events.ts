import type { Member } from '../json-layout.js';
import type { EventType } from './event-types.js';
import type { PassStream } from './pass-stream.js';

/** One event while it is looked at: where it stands, where its JSON and that JSON's members are. */
export interface Event {
  readonly source: Buffer;
  readonly from: number;
  readonly to: number;
  readonly dataFrom: number;
  readonly dataTo: number;
  readonly members: readonly Member[];
}

type Handler = (stream: PassStream, event: Event) => void;

const opening: Handler = (stream, event) => stream.holdOpening(event);
const delta: Handler = (stream, event) => stream.passDelta(event);
const last =
  (status: string): Handler =>
  (stream, event) =>
    stream.holdLast(event, status);

const goesOn: Handler = (stream, event) => stream.pass(event);
const added =
  (kind: 'content' | 'summary'): Handler =>
  (stream, event) =>
    stream.passPieceAdded(event, kind);
const told: Handler = (stream, event) => stream.passStep(event, (output, value) => output.told(value));
const pieceDone: Handler = (stream, event) => stream.passStep(event, (output, value) => output.pieceDone(value));
const annotated: Handler = (stream, event) => stream.passStep(event, (output, value) => output.annotated(value));

const EVENTS: Readonly<Record<EventType, Handler>> = {
  'response.created': opening,
  'response.queued': opening,
  'response.in_progress': opening,
  'response.completed': last('completed'),
  'response.incomplete': last('incomplete'),
  'response.cancelled': last('cancelled'),
  'response.failed': (stream, event) => stream.noteFailed(event),
  error: (stream, event) => stream.noteError(stream.parsed(event) ?? {}),
  keepalive: goesOn,
  'response.output_item.added': (stream, event) => stream.passItem(event, false),
  'response.output_item.done': (stream, event) => stream.passItem(event, true),
  'response.content_part.added': added('content'),
  'response.content_part.done': pieceDone,
  'response.output_text.delta': delta,
  'response.output_text.done': told,
  'response.output_text.annotation.added': annotated,
  'response.refusal.delta': delta,
  'response.refusal.done': told,
  'response.reasoning_summary_part.added': added('summary'),
  'response.reasoning_summary_part.done': pieceDone,
  'response.reasoning_summary_text.delta': delta,
  'response.reasoning_summary_text.done': told,
  'response.reasoning_text.delta': delta,
  'response.reasoning_text.done': told,
  'response.function_call_arguments.delta': delta,
  'response.function_call_arguments.done': told,
  'response.custom_tool_call_input.delta': delta,
  'response.custom_tool_call_input.done': told,
};

/** Steps of tools that run at the provider go on as all events do; what the model writes in them is counted. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ...Object.entries(EVENTS),
  ['response.code_interpreter_call_code.delta', delta],
  ['response.apply_patch_call_operation_diff.delta', delta],
  ['response.shell_call_command.delta', delta],
  ['response.mcp_call_arguments.delta', delta],
]);
