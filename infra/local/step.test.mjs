import { describe, expect, it } from 'vitest';
import { createSteps, describeFailure, HintedError } from './step.mjs';

function collecting(isTTY = false) {
  const written = [];
  return { written, output: { isTTY, columns: 80, write: (text) => written.push(text) } };
}

describe('a start tells what it does while it does it', () => {
  it('marks the start and the end of a step with its time', async () => {
    const { written, output } = collecting();
    let nowMs = 0;
    const steps = createSteps({ output, now: () => nowMs });
    await steps.step('build', 'hint', async (note) => {
      nowMs = 12_345;
      note('unchanged');
    });
    steps.close();
    expect(written).toEqual(['[  0.0 s] ▸ build\n', '[ 12.3 s] ✓ build 12.3 s (unchanged)\n']);
  });

  it('shows overlapping steps on one line of a terminal', async () => {
    const { written, output } = collecting(true);
    const steps = createSteps({ output, now: () => 0 });
    await Promise.all(['build', 'redis'].map((title) => steps.step(title, undefined, async () => {})));
    steps.close();
    expect(written.join('')).toContain('build 0.0 s · redis 0.0 s');
  });
});

describe('a step that fails', () => {
  const failing = async (error, hint) => {
    const { output } = collecting();
    const steps = createSteps({ output });
    const failure = await steps.step('migrate', hint, () => Promise.reject(error)).catch((thrown) => thrown);
    steps.close();
    return describeFailure(failure);
  };

  it('says which, why, and what to do', async () => {
    const text = await failing(new Error('relation is missing'), 'read prisma/migrations');
    expect(text).toBe('\nThe step "migrate" failed.\nWhy: relation is missing\nWhat to do: read prisma/migrations\n');
  });

  it('prefers the hint of the error, which knows more', async () => {
    expect(await failing(new HintedError('no server', 'unset DATABASE_URL'), 'other')).toContain('unset DATABASE_URL');
  });
});
