import type {
  CanonicalReply,
  CanonicalRequest,
  Message,
  Part,
  ReasoningPart,
  ReplyEvent,
  Seal,
} from './canonical/index.js';

/** A call as its caller will send it back: with these three, and who asks, what was thought before it is found again. */
export interface CallFacts {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** What a model thought right before a call, and the seal that sat on the call itself. Plain JSON. */
export interface ReasoningState {
  readonly reasoning: readonly ReasoningPart[];
  readonly seal: Seal | null;
}

export interface ReasoningEntry {
  readonly call: CallFacts;
  readonly state: ReasoningState;
}

/** Watches an answer go by and keeps what its client may drop and its provider will want back. */
export class ReasoningCollector {
  readonly #entries: ReasoningEntry[] = [];
  #thought: ReasoningPart[] = [];
  #open: { part: Part; text: string; summary: string[]; seal: Seal | null } | null = null;

  add(event: ReplyEvent): void {
    // Only the first choice is a conversation that goes on.
    if (event.kind === 'start' || event.choice !== 0) return;
    if (event.kind === 'part_start') this.#open = { part: event.value, text: '', summary: [], seal: null };
    else if (event.kind === 'part_delta') this.#grow(event.delta);
    else if (event.kind === 'part_end' && event.isCut === true) this.#open = null;
    else if (event.kind === 'part_end') this.#close();
  }

  entries(): readonly ReasoningEntry[] {
    return this.#entries;
  }

  #grow(delta: Extract<ReplyEvent, { kind: 'part_delta' }>['delta']): void {
    const open = this.#open;
    if (open === null || (open.part.kind !== 'reasoning' && open.part.kind !== 'tool_call')) return;
    if (delta.kind === 'text' || delta.kind === 'arguments') open.text += delta.text;
    else if (delta.kind === 'summary') open.summary[delta.index] = (open.summary[delta.index] ?? '') + delta.text;
    else if (delta.kind === 'seal') open.seal = delta.seal;
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    const { part } = open;
    if (part.kind === 'reasoning') {
      const summary = open.summary.length === 0 ? part.summary : Array.from(open.summary, (piece) => piece ?? '');
      this.#thought.push({ ...part, text: part.text + open.text, summary, seal: open.seal ?? part.seal });
    } else if (part.kind === 'tool_call') {
      const written = part.arguments + open.text;
      const args = written === '' && part.variant === 'function' ? '{}' : written;
      this.#keep({ id: part.id, name: part.name, arguments: args }, open.seal ?? part.seal ?? null);
    }
  }

  #keep(call: CallFacts, seal: Seal | null): void {
    const reasoning = this.#thought;
    this.#thought = [];
    if (reasoning.length > 0 || seal !== null) this.#entries.push({ call, state: { reasoning, seal } });
  }
}

/** The same of a whole reply. */
export function reasoningOf(reply: CanonicalReply): readonly ReasoningEntry[] {
  const entries: ReasoningEntry[] = [];
  let thought: ReasoningPart[] = [];
  for (const part of reply.choices[0]?.parts ?? []) {
    if (part.kind === 'reasoning') thought.push(part);
    if (part.kind !== 'tool_call') continue;
    const seal = part.seal ?? null;
    if (thought.length > 0 || seal !== null)
      entries.push({ call: callFacts(part), state: { reasoning: thought, seal } });
    thought = [];
  }
  return entries;
}

/** The calls of a history that came back without what was thought before them: none, where the client brings its own. */
export function callsWithoutReasoning(request: CanonicalRequest): readonly CallFacts[] {
  return request.messages.flatMap((message) => (isBare(message) ? message.parts.filter(isCall).map(callFacts) : []));
}

/** The request with everything put back that was found. `find` gives null for a call of which nothing was kept. */
export function withReasoning(
  request: CanonicalRequest,
  find: (call: CallFacts) => ReasoningState | null,
): CanonicalRequest {
  const messages = request.messages.map((message) => (isBare(message) ? restored(message, find) : message));
  return { ...request, messages };
}

function restored(message: Message, find: (call: CallFacts) => ReasoningState | null): Message {
  const parts = message.parts.flatMap((part): readonly Part[] => {
    const state = isCall(part) ? find(callFacts(part)) : null;
    if (!isCall(part) || state === null) return [part];
    return [...state.reasoning, state.seal === null ? part : { ...part, seal: state.seal }];
  });
  return { ...message, parts: inOrder(parts) };
}

/** Thinking of the turn comes first, before any text that was said between it and the first call. */
function inOrder(parts: readonly Part[]): readonly Part[] {
  const firstCall = parts.findIndex(isCall);
  const thought = parts.slice(0, firstCall).filter((part) => part.kind === 'reasoning');
  const said = parts.slice(0, firstCall).filter((part) => part.kind !== 'reasoning');
  return firstCall === -1 ? parts : [...thought, ...said, ...parts.slice(firstCall)];
}

/**
 * The request without anything sealed, and whether there was any: for a provider that cannot open what another deployment, account or model sealed
 * (T02, T23). What the thoughts said goes with their seals, as vendors answer 400 to the one without the other.
 */
export function withoutSeals(request: CanonicalRequest): {
  readonly request: CanonicalRequest;
  readonly hadSeals: boolean;
} {
  let hadSeals = false;
  const messages = request.messages.map((message) => {
    const parts = message.parts.flatMap((part): readonly Part[] => {
      if (part.kind === 'reasoning' && part.seal !== null) {
        hadSeals = true;
        return [];
      }
      if ((part.kind !== 'tool_call' && part.kind !== 'text' && part.kind !== 'image') || part.seal === undefined)
        return [part];
      hadSeals = true;
      const { seal: _seal, ...unsealed } = part;
      return [unsealed];
    });
    return { ...message, parts };
  });
  return { request: hadSeals ? { ...request, messages } : request, hadSeals };
}

function isBare(message: Message): boolean {
  if (message.role !== 'assistant' || !message.parts.some(isCall)) return false;
  return !message.parts.some((part) => part.kind === 'reasoning' || (part.kind === 'tool_call' && part.seal));
}

function isCall(part: Part): part is Extract<Part, { kind: 'tool_call' }> {
  return part.kind === 'tool_call';
}

function callFacts({ id, name, arguments: args }: Extract<Part, { kind: 'tool_call' }>): CallFacts {
  return { id, name, arguments: args };
}
