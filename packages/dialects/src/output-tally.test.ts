import { describe, expect, it } from 'vitest';
import { OutputTally } from './output-tally.js';
import { countTextTokens } from './token-count.js';

const textOf = (line: string): string => String((JSON.parse(line) as { content: unknown }).content);
const tallyOf = (texts: readonly string[], keptBytesMax?: number): OutputTally => {
  const tally = new OutputTally((lines) => countTextTokens(lines.map(textOf).join('')), keptBytesMax);
  for (const content of texts) {
    const delivery = Buffer.from(JSON.stringify({ content }));
    tally.add(delivery, 0, delivery.length);
  }
  return tally;
};

describe('the estimate of a stream that is being delivered', () => {
  const prose = 'The quick brown fox jumps over the lazy dog, and nobody asked it why it had to be brown. ';
  const code = 'if (isOver) return { kind: "failed", reason: `no answer` };\n';
  const chinese = '\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u6563\u6b65\u5427\u3002';

  it('is hardly ever below our own count, whatever is said and however it is cut', () => {
    for (const text of [prose, code, chinese]) {
      for (const size of [1, 4, 40, 400]) {
        const whole = text.repeat(50);
        const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
          whole.slice(at * size, at * size + size),
        );
        const tally = tallyOf(pieces);
        expect(tally.estimate()).toBeGreaterThanOrEqual(tally.count() * 0.95);
      }
    }
  });

  it('does not forget what was counted and let go', () => {
    const texts = Array.from({ length: 200 }, () => prose);
    const [kept, folded] = [tallyOf(texts), tallyOf(texts, 2_000)];
    expect(folded.estimate()).toBeGreaterThanOrEqual(folded.count() * 0.95);
    expect(folded.estimate()).toBeLessThanOrEqual(kept.estimate());
  });
});
