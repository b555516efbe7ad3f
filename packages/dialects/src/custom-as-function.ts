import { CUSTOM_PARAMETERS, customTextOf, customToolNames } from './canonical/custom-tool.js';
import type {
  CanonicalReply,
  CanonicalRequest,
  Emit,
  Loss,
  Part,
  ProviderCodec,
  ReplyContext,
  ReplyEvent,
  StreamDecoder,
  StreamEnd,
} from './canonical/index.js';
import type { Tool } from './canonical/request.js';
import { customArguments } from './canonical/tool-arguments.js';
import type { ProviderQuirks } from './provider-quirks.js';

/** The dialects that have a word for free-text tools which not everybody who speaks them knows. The other codecs do without by themselves. */
const WITH_CUSTOM: ReadonlySet<string> = new Set(['openai-chat', 'mistral-chat']);

/**
 * A codec for a provider that has no tools of free text (Codex's `apply_patch`): each goes as a function with the one argument `input`, its grammar in
 * the description; calls come back as free text. Earlier calls are wrapped the same way, so that the model sees one history. The codec itself where the
 * provider takes them, or none is in play.
 */
export function customAsFunction(
  codec: ProviderCodec,
  request: CanonicalRequest,
  { rejectedFields }: ProviderQuirks,
): ProviderCodec {
  if (!WITH_CUSTOM.has(codec.id) || !rejectedFields.includes('tools[].custom') || !hasCustom(request)) return codec;
  const plain = withFunctions(request);
  const names = customToolNames(request.tools);
  const inner = (context: ReplyContext): ReplyContext => ({ ...context, request: plain });
  return {
    id: codec.id,
    encodeRequest(_request, target) {
      const encoded = codec.encodeRequest(plain, target);
      if (!encoded.ok) return encoded;
      return { ok: true, value: { ...encoded.value, losses: [...encoded.value.losses, ...toolLosses(request)] } };
    },
    decodeReply(body, context) {
      const decoded = codec.decodeReply(body, inner(context));
      return decoded.kind === 'reply' ? { kind: 'reply', reply: unwrapReply(decoded.reply, names) } : decoded;
    },
    createDecoder: (context) => new UnwrappingDecoder(codec.createDecoder(inner(context)), names),
    decodeFailure: (status, body, headers) => codec.decodeFailure(status, body, headers),
    decodeUsage: (raw) => codec.decodeUsage(raw),
  };
}

function hasCustom({ tools, messages, toolChoice }: CanonicalRequest): boolean {
  if (tools.some(({ kind }) => kind === 'custom')) return true;
  if (toolChoice?.kind === 'tool' && toolChoice.variant === 'custom') return true;
  return messages.some(({ parts }) => parts.some(isCustom));
}

function isCustom(part: Part): boolean {
  return (part.kind === 'tool_call' || part.kind === 'tool_result') && part.variant === 'custom';
}

function toolLosses({ tools }: CanonicalRequest): readonly Loss[] {
  return tools.flatMap(({ kind }, index) =>
    kind === 'custom' ? [{ field: `tools[${index}]`, reason: 'approximated' as const }] : [],
  );
}

function withFunctions(request: CanonicalRequest): CanonicalRequest {
  const { messages, tools, toolChoice } = request;
  return {
    ...request,
    messages: messages.map((message) =>
      message.parts.some(isCustom) ? { ...message, parts: message.parts.map(wrapPart) } : message,
    ),
    tools: tools.map(toFunction),
    toolChoice: toolChoice?.kind === 'tool' ? { ...toolChoice, variant: 'function' } : toolChoice,
  };
}

function wrapPart(part: Part): Part {
  if (part.kind === 'tool_result') return { ...part, variant: 'function' };
  if (part.kind !== 'tool_call' || part.variant !== 'custom') return part;
  return { ...part, variant: 'function', arguments: JSON.stringify(customArguments(part.arguments)) };
}

function toFunction(tool: Tool): Tool {
  if (tool.kind !== 'custom') return tool;
  const { format, ...described } = tool;
  return {
    ...described,
    kind: 'function',
    description: describe(tool.description, format?.['definition']),
    parameters: CUSTOM_PARAMETERS,
    strict: null,
  };
}

/** A grammar cannot be enforced here; a model that reads it mostly keeps to it. */
function describe(description: string | null, grammar: unknown): string | null {
  if (typeof grammar !== 'string' || grammar === '') return description;
  const rule = `The text of \`input\` must match this grammar:\n${grammar}`;
  return description === null ? rule : `${description}\n\n${rule}`;
}

function unwrapReply(reply: CanonicalReply, names: ReadonlySet<string>): CanonicalReply {
  const unwrap = (part: Part): Part =>
    part.kind === 'tool_call' && names.has(part.name)
      ? { ...part, variant: 'custom', arguments: customTextOf(part.arguments) }
      : part;
  return { ...reply, choices: reply.choices.map((choice) => ({ ...choice, parts: choice.parts.map(unwrap) })) };
}

/** Holds the arguments of wrapped calls until they are whole: half a JSON string is no text yet. */
class UnwrappingDecoder implements StreamDecoder {
  /** by choice: only one part of a choice is open at a time */
  readonly #held = new Map<number, string[]>();

  constructor(
    private readonly inner: StreamDecoder,
    private readonly names: ReadonlySet<string>,
  ) {}

  get usage() {
    return this.inner.usage;
  }

  get serviceTier() {
    return this.inner.serviceTier;
  }

  get finish() {
    return this.inner.finish;
  }

  get finishRaw() {
    return this.inner.finishRaw;
  }

  get error() {
    return this.inner.error;
  }

  get isDone() {
    return this.inner.isDone;
  }

  get malformedEvents() {
    return this.inner.malformedEvents;
  }

  push(packet: Buffer, emit: Emit): void {
    this.inner.push(packet, (event) => this.#pass(event, emit));
  }

  end(emit: Emit): StreamEnd {
    return this.inner.end((event) => this.#pass(event, emit));
  }

  #pass(event: ReplyEvent, emit: Emit): void {
    switch (event.kind) {
      case 'part_start': {
        const { value } = event;
        if (value.kind !== 'tool_call' || !this.names.has(value.name)) return emit(event);
        this.#held.set(event.choice, [value.arguments]);
        return emit({ ...event, value: { ...value, variant: 'custom', arguments: '' } });
      }
      case 'part_delta': {
        const held = this.#held.get(event.choice);
        if (held === undefined || event.delta.kind !== 'arguments') return emit(event);
        held.push(event.delta.text);
        return;
      }
      case 'part_end': {
        const held = this.#held.get(event.choice);
        if (held !== undefined) this.#release(event.choice, event.part, held, emit);
        return emit(event);
      }
      default:
        return emit(event);
    }
  }

  #release(choice: number, part: number, held: readonly string[], emit: Emit): void {
    this.#held.delete(choice);
    const text = customTextOf(held.join(''));
    if (text !== '') emit({ kind: 'part_delta', choice, part, delta: { kind: 'arguments', text } });
  }
}
