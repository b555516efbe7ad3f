import type { ReplyEvent } from './canonical/index.js';

interface Progress {
  /** the number of the open part */
  open: number | null;
  isFinished: boolean;
}

/** Follows the events of an answer, so that it can be ended at any of them. */
export class CutEvents {
  readonly #choices = new Map<number, Progress>();
  #hasStarted = false;

  note(event: ReplyEvent): void {
    switch (event.kind) {
      case 'part_delta':
        return;
      case 'start':
        this.#hasStarted = true;
        return;
      case 'part_start':
        this.#at(event.choice).open = event.part;
        return;
      case 'part_end':
        this.#at(event.choice).open = null;
        return;
      case 'finish':
        this.#at(event.choice).isFinished = true;
        return;
      case 'logprobs':
      case 'extras':
        this.#at(event.choice);
    }
  }

  /**
   * The events that end the answer here. `ending`: what the decoder tells at the end of a body, where some choice has ended by itself; those keep their
   * end, the others end by length with `raw` as the word for it. Choices are without gaps: one that was not seen before a later one has nothing in it.
   */
  endingsOf(ending: readonly ReplyEvent[], raw: string): readonly ReplyEvent[] {
    const ended = new Set(ending.flatMap((event) => (isNamedFinish(event) ? [event.choice] : [])));
    const events: ReplyEvent[] = [];
    const add = (event: ReplyEvent): void => {
      this.note(event);
      events.push(event);
    };
    if (!this.#hasStarted && ending[0]?.kind !== 'start') add({ kind: 'start' });
    for (const event of ending)
      if (event.kind !== 'finish')
        add(event.kind === 'part_end' && !ended.has(event.choice) ? { ...event, isCut: true } : event);
    for (const [choice, { open }] of this.#choices)
      if (open !== null) add({ kind: 'part_end', choice, part: open, isCut: true });
    for (const event of ending) if (isNamedFinish(event)) add(event);
    const last = Math.max(0, ...this.#choices.keys());
    for (let choice = 0; choice <= last; choice += 1)
      if (!this.#at(choice).isFinished)
        add({ kind: 'finish', choice, finish: { kind: 'length' }, raw, stopSequence: null });
    return events;
  }

  #at(choice: number): Progress {
    const known = this.#choices.get(choice);
    if (known !== undefined) return known;
    const opened: Progress = { open: null, isFinished: false };
    this.#choices.set(choice, opened);
    return opened;
  }
}

function isNamedFinish(event: ReplyEvent): event is Extract<ReplyEvent, { kind: 'finish' }> {
  return event.kind === 'finish' && event.finish !== null;
}
