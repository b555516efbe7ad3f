import type { Part } from './part.js';
import type { PartDelta, ReplyEvent } from './reply.js';

interface ChoiceState {
  opened: number;
  open: Part['kind'] | null;
  isFinished: boolean;
}

/** Which deltas a part may grow by. */
const DELTAS: Readonly<Record<Part['kind'], ReadonlySet<PartDelta['kind']>>> = {
  text: new Set(['text', 'citation', 'seal']),
  refusal: new Set(['text']),
  reasoning: new Set(['text', 'summary', 'seal']),
  tool_call: new Set(['arguments', 'seal']),
  audio: new Set(['audio']),
  image: new Set(),
  video: new Set(),
  document: new Set(),
  tool_result: new Set(),
  server_tool: new Set(),
  opaque: new Set(),
};

/**
 * The grammar of canonical events as an automaton (see ReplyEvent). `add` throws on the first violation; `end` on what is left open. For tests,
 * and for nothing on the way of a request.
 */
export function createEventCheck(): { add(event: ReplyEvent): void; end(): void } {
  const choices = new Map<number, ChoiceState>();
  let hasStarted = false;
  const at = (index: number): ChoiceState => {
    const state = choices.get(index) ?? { opened: 0, open: null, isFinished: false };
    choices.set(index, state);
    return state;
  };
  return {
    add(event) {
      if (event.kind === 'start') {
        ensure(!hasStarted, 'start twice');
        hasStarted = true;
        return;
      }
      ensure(hasStarted, `${event.kind} before start`);
      advance(at(event.choice), event, [...choices.values()]);
    },
    end() {
      for (const [index, state] of choices) {
        ensure(state.open === null, `choice ${index} ends with an open ${state.open}`);
        ensure(state.isFinished, `choice ${index} has no finish`);
      }
    },
  };
}

function advance(state: ChoiceState, event: Exclude<ReplyEvent, { kind: 'start' }>, all: readonly ChoiceState[]): void {
  ensure(!state.isFinished, `${event.kind} after the finish`);
  switch (event.kind) {
    case 'part_start':
      ensure(state.open === null, `${event.value.kind} opens inside of ${state.open}`);
      ensure(event.part === state.opened, `part ${event.part} where ${state.opened} was due`);
      state.open = event.value.kind;
      state.opened += 1;
      return;
    case 'part_delta':
      ensure(
        state.open !== null && event.part === state.opened - 1,
        `a ${event.delta.kind} delta for part ${event.part}, which is not open`,
      );
      ensure(
        state.open !== null && DELTAS[state.open].has(event.delta.kind),
        `a ${event.delta.kind} delta in ${state.open}`,
      );
      return;
    case 'part_end':
      ensure(
        state.open !== null && event.part === state.opened - 1,
        `the end of part ${event.part}, which is not open`,
      );
      state.open = null;
      return;
    case 'finish':
      ensure(state.open === null, `finish inside of ${state.open}`);
      state.isFinished = true;
      return;
    case 'logprobs':
    case 'extras':
      ensure(!all.some((choice) => choice.isFinished), `${event.kind} after a finish`);
  }
}

function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`event grammar: ${message}`);
}
