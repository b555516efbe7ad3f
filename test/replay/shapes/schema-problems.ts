import { mistralRefusal } from '../../conformance/judges/mistral.js';
import { json } from '../observe/observed-answer.js';
import type { TypedShape } from './typed-shapes.js';

/** What a vendor's own schema of requests refuses, where its SDK has one; each with the case that had it first. */
export function schemaProblems(
  shapes: readonly TypedShape[],
): readonly { seenIn: string; problems: readonly string[] }[] {
  return shapes.flatMap(({ type, shape, seenIn }) => {
    const refusal = type === 'mistral-chat' ? mistralRefusal(json(shape)) : null;
    return refusal === null ? [] : [{ seenIn, problems: [`@mistralai/mistralai would not send it: ${refusal}`] }];
  });
}
