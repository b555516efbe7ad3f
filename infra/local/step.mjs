/** A step of a start that failed: which one, why, and what the reader can do about it. */
export class StepFailure extends Error {
  constructor(title, cause, hint) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.title = title;
    this.hint = cause?.hint ?? hint;
  }
}

/** An error that knows better than its step what to do. */
export class HintedError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const heartbeatMs = 10_000;

/**
 * Prints steps with their time while they run. On a terminal one status line shows what runs now;
 * elsewhere a line marks each start, each end, and every ten seconds between. Steps may overlap.
 */
export function createSteps({ output = process.stdout, now = Date.now } = {}) {
  const live = output.isTTY === true;
  const beganAt = now();
  const running = new Map();

  const clock = () => `[${((now() - beganAt) / 1000).toFixed(1).padStart(5)} s]`;
  const clear = () => live && output.write('\r\x1b[2K');
  const show = () => {
    if (!live || running.size === 0) return;
    const parts = [...running].map(([title, startedAt]) => `${title} ${seconds(now() - startedAt)}`);
    const line = `${clock()} … ${parts.join(' · ')}`;
    output.write(`\r\x1b[2K${line.slice(0, Math.max(20, (output.columns ?? 80) - 1))}`);
  };
  const say = (line) => {
    clear();
    output.write(`${clock()} ${line}\n`);
    show();
  };
  const beat = () => {
    if (live) return show();
    for (const [title, startedAt] of running) {
      if (now() - startedAt >= heartbeatMs) say(`  ${title} … ${seconds(now() - startedAt)} so far`);
    }
  };
  const timer = setInterval(beat, live ? 200 : heartbeatMs);
  timer.unref();

  /** Runs `work(note)`; `note(text)` adds a word to the closing line. Throws a StepFailure that carries `hint`. */
  async function step(title, hint, work) {
    const startedAt = now();
    const notes = [];
    running.set(title, startedAt);
    if (live) show();
    else say(`▸ ${title}`);
    try {
      const value = await work((text) => notes.push(text));
      running.delete(title);
      say(`✓ ${title} ${seconds(now() - startedAt)}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`);
      return value;
    } catch (cause) {
      running.delete(title);
      if (cause?.name === 'AbortError') {
        say(`– ${title} given up after ${seconds(now() - startedAt)}`);
        throw cause;
      }
      say(`✗ ${title} failed after ${seconds(now() - startedAt)}`);
      throw cause instanceof StepFailure ? cause : new StepFailure(title, cause, hint);
    }
  }

  const close = () => {
    clearInterval(timer);
    clear();
  };
  return { step, say, close, elapsedMs: () => now() - beganAt };
}

/** What a person reads when a start fails. */
export function describeFailure(error) {
  if (!(error instanceof StepFailure)) return `\nFailed: ${error?.stack ?? error}\n`;
  const what = error.hint === undefined ? '' : `\nWhat to do: ${error.hint}`;
  return `\nThe step "${error.title}" failed.\nWhy: ${error.message}${what}\n`;
}
