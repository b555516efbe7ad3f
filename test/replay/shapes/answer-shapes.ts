import type { LaneRun, WrittenReply } from '../lanes/lane-case.js';
import type { LaneWitness } from '../lanes/replay-lanes.js';
import { jsons, parsed, sseObjects } from '../observe/observed-answer.js';
import { TypedShapes } from './typed-shapes.js';

/** Gathers what every answer looks like that an encoder wrote; what was passed is the provider's own. */
export class AnswerShapes implements LaneWitness {
  readonly shapes = new TypedShapes();

  look(name: string, { written }: LaneRun): Promise<readonly string[]> {
    if (written === null || written.isPassed) return Promise.resolve([]);
    const { client, isStream } = written;
    for (const body of bodiesOf(written)) this.shapes.add(`${client} ${isStream ? 'event' : 'answer'}`, body, name);
    return Promise.resolve([]);
  }
}

function bodiesOf({ bytes, isStream, framing }: WrittenReply): readonly unknown[] {
  const text = bytes.toString('utf8');
  if (!isStream) return [parsed(text)];
  return framing === 'json-array' ? jsons(parsed(text)) : sseObjects(text);
}
