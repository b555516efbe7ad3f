import { diceOf } from '../../answers/dice.js';
import { excerptOf } from '../../answers/excerpt.js';

const directionsPerWord = 48;

/**
 * A unit vector of a text. Each word leans it towards directions of its own, so that texts that share words lie near each other, which is all
 * a retrieval demo needs; the same text and model give the same vector. Rounded to single precision, as vendors send it.
 */
export function vectorOf(model: string, text: string, dimensions: number): Float32Array {
  const vector = new Float64Array(dimensions);
  lean(vector, `${model} ${text}`, 0.05);
  for (const word of excerptOf(text)
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [])
    lean(vector, `${model} ${word}`, 1);
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => value / length);
}

function lean(vector: Float64Array, seed: string, weight: number): void {
  const dice = diceOf(seed);
  for (let turn = 0; turn < directionsPerWord; turn += 1) {
    const at = Math.floor(dice() * vector.length);
    vector[at] = (vector[at] ?? 0) + (dice() < 0.5 ? -weight : weight);
  }
}

/** A vector as numbers with the nine digits single precision has, or as base64 of little-endian floats. */
export function encodeVector(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return [...vector].map((value) => Number(value.toPrecision(9)));
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/** How near two texts are, from 0 (nothing in common) to 1 (the same words). */
export function nearness(left: string, right: string): number {
  const a = vectorOf('nearness', left, 512);
  const b = vectorOf('nearness', right, 512);
  const cosine = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return Math.min(1, Math.max(0, cosine));
}
