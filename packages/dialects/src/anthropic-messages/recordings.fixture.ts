import type { JsonObject } from '../canonical/part.js';
import { jsonLines } from '../json-lines.fixture.js';

interface Event {
  readonly type: string;
  readonly index?: number;
  readonly message?: Record<string, unknown>;
  readonly content_block?: Record<string, unknown>;
  readonly delta?: Readonly<Record<string, unknown>>;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** The events of a stream. Some files hold several answers: only the first one counts. */
export function eventsIn(text: string): readonly Event[] {
  const events = jsonLines(text) as readonly object[] as readonly Event[];
  const last = events.findIndex(({ type }) => type === 'message_stop');
  return last === -1 ? events : events.slice(0, last + 1);
}

/** The message a stream adds up to, as the vendor's SDK accumulates it: what a decoder must agree with. */
export function accumulate(events: readonly Event[]): JsonObject {
  let message: Record<string, unknown> = {};
  const blocks: { block: Record<string, unknown>; json: string }[] = [];
  for (const event of events) {
    switch (event.type) {
      case 'message_start':
        message = structuredClone(event.message ?? {});
        break;
      case 'content_block_start':
        blocks.push({ block: structuredClone(event.content_block ?? {}), json: '' });
        break;
      case 'content_block_delta': {
        const open = blocks[event.index ?? -1];
        if (open === undefined) throw new Error(`a delta for block ${event.index}`);
        grow(open, event.delta ?? {});
        break;
      }
      case 'message_delta': {
        const { type: _type, delta, usage, ...others } = event;
        const said = Object.fromEntries(Object.entries(usage ?? {}).filter(([, value]) => value !== null));
        message = { ...message, ...others, ...delta, usage: { ...(message['usage'] as object), ...said } };
      }
    }
  }
  const content = blocks.map(({ block, json }) => (json === '' ? block : { ...block, input: JSON.parse(json) }));
  return { ...message, content };
}

function grow(open: { block: Record<string, unknown>; json: string }, delta: Readonly<Record<string, unknown>>): void {
  const { block } = open;
  const add = (name: string): void => {
    if (delta[name] !== null) block[name] = `${block[name] ?? ''}${delta[name]}`;
  };
  if (delta['type'] === 'input_json_delta') open.json += delta['partial_json'];
  else if (delta['type'] === 'citations_delta')
    block['citations'] = [...((block['citations'] as unknown[] | null) ?? []), delta['citation']];
  else for (const name of ['text', 'thinking', 'signature', 'content']) if (delta[name] !== undefined) add(name);
}
