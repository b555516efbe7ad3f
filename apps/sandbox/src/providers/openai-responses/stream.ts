import type { Frame } from '../../attempt/reply-plan.js';
import { joinedText } from '../spoken-answer.js';
import { itemObject, outputTextPart, type Reply, type ReplyItem, responseObject, summaryPart } from './response.js';

/** Writes one event; sequence numbers count up from zero. */
type EventWriter = (type: string, fields: Readonly<Record<string, unknown>>, tokens?: number) => Frame;

/** The events of a streamed reply. Deltas are padded unless that is switched off. */
export function responseFrames(reply: Reply): Frame[] {
  const event = eventWriter();
  const isPadded = reply.request.stream_options?.include_obfuscation !== false;
  const isWhole = reply.incompleteReason === null;
  const opening = responseObject(reply, 'in_progress');
  const frames: Frame[] = [
    event('response.created', { response: opening }),
    event('response.in_progress', { response: opening }),
  ];
  for (const [index, item] of reply.items.entries()) {
    const isCut = !isWhole && index === reply.items.length - 1;
    frames.push(event('response.output_item.added', { item: itemObject(item, 'in_progress'), output_index: index }));
    frames.push(...itemFrames(item, index, event, isPadded));
    const done = itemObject(item, isCut ? 'incomplete' : 'completed');
    frames.push(event('response.output_item.done', { item: done, output_index: index }));
  }
  const ending = event(isWhole ? 'response.completed' : 'response.incomplete', {
    response: responseObject(reply, 'ended'),
  });
  return [...frames, { ...ending, carriesUsage: reply.usage !== null }];
}

function eventWriter(): EventWriter {
  let sequence = 0;
  return (type, fields, tokens = 0) => {
    const json = JSON.stringify({ type, ...fields, sequence_number: sequence });
    sequence += 1;
    return { payload: `event: ${type}\ndata: ${json}\n\n`, tokens, carriesUsage: false };
  };
}

function itemFrames(item: ReplyItem, index: number, event: EventWriter, isPadded: boolean): Frame[] {
  const place = { item_id: item.id, output_index: index };
  let turn = 0;
  const padding = (): Record<string, string> => (isPadded ? { obfuscation: obfuscation((turn += 1)) } : {});
  switch (item.kind) {
    case 'reasoning': {
      if (item.summary === null) return [];
      const at = { ...place, summary_index: 0 };
      const text = joinedText(item.summary);
      return [
        event('response.reasoning_summary_part.added', { ...at, part: summaryPart('') }),
        ...item.summary.map((piece) =>
          event('response.reasoning_summary_text.delta', { ...at, delta: piece.text, ...padding() }),
        ),
        event('response.reasoning_summary_text.done', { ...at, text }),
        event('response.reasoning_summary_part.done', { ...at, part: summaryPart(text) }),
      ];
    }
    case 'message': {
      const at = { ...place, content_index: 0 };
      const text = joinedText(item.pieces);
      return [
        event('response.content_part.added', { ...at, part: outputTextPart('') }),
        ...item.pieces.map((piece) =>
          event('response.output_text.delta', { ...at, delta: piece.text, logprobs: [], ...padding() }, piece.tokens),
        ),
        event('response.output_text.done', { ...at, logprobs: [], text }),
        event('response.content_part.done', { ...at, part: outputTextPart(text) }),
      ];
    }
    case 'call': {
      const deltas = item.call.pieces.map((piece, at) =>
        event(
          'response.function_call_arguments.delta',
          { ...place, delta: piece.text, ...padding() },
          piece.tokens + (at === 0 ? item.call.nameTokens : 0),
        ),
      );
      return [
        ...deltas,
        event('response.function_call_arguments.done', { ...place, arguments: joinedText(item.call.pieces) }),
      ];
    }
  }
}

const paddingCharacters = 'mF0lvA8NKy2ytp0ixexgdypy4lUv4u4YwOJz9sCTxPvUh6Qwqxw2cpGG';

/** Padding of a length that has nothing to do with the text beside it. */
function obfuscation(turn: number): string {
  const from = (turn * 13) % 32;
  return paddingCharacters.slice(from, from + 1 + ((turn * 7) % 16));
}
