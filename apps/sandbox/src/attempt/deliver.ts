import type { Frame, ReplyPlan } from './reply-plan.js';
import type { Sink } from './sink.js';

/** Something that goes wrong after so many events. A whole body counts as two events, its halves. */
export type EventFault =
  | { readonly kind: 'stall'; readonly afterEvents: number; readonly ms: number | null }
  | { readonly kind: 'reset'; readonly afterEvents: number }
  | { readonly kind: 'cut'; readonly afterEvents: number }
  | { readonly kind: 'malformed'; readonly afterEvents: number; readonly bytes: string | Buffer }
  | { readonly kind: 'error_event'; readonly afterEvents: number; readonly bytes: string | Buffer };

/** How fast and how wrong a reply is delivered. */
export interface Manner {
  /** Waited before anything, also before an error. */
  readonly delayMs: number;
  readonly ttftMs: number;
  readonly paceMs: number;
  readonly resetBeforeHead: boolean;
  readonly faults: readonly EventFault[];
}

/** What really happened on the socket. `fault` names the fault that changed what the client got; null when none did. */
export interface Delivery {
  readonly tokensWritten: number;
  /** Tokens of thinking written for the client to read; none in dialects that hide it. */
  readonly thinkingWritten: number;
  readonly usageSent: boolean;
  readonly hasLeft: boolean;
  readonly fault: string | null;
}

const mostBatchCharacters = 65_536;
/** Gives the client time to read what was written before a reset throws it away. */
const arrivalMs = 10;

/** Writes a plan to a sink in the given manner and tells what became of it. A client that leaves stops it. */
export async function deliver(plan: ReplyPlan, manner: Manner, sink: Sink): Promise<Delivery> {
  const writing = new Writing(plan, manner, sink);
  await sleepUnlessLeft(manner.delayMs + writing.firstWaitMs, sink);
  if (sink.hasLeft()) return writing.result(null);
  if (manner.resetBeforeHead) {
    sink.reset();
    return writing.result('reset');
  }
  await sink.head(plan.status, writing.headers);
  let seen: string | null = plan.fault;
  for (const fault of writing.faults) {
    if (!(await writing.writeTo(fault.afterEvents))) return writing.result(seen);
    const isOver = await perform(fault, sink);
    if (fault.kind !== 'stall') seen = fault.kind;
    if (isOver) return writing.result(seen);
  }
  await writing.finish();
  return writing.result(seen);
}

/** Does what the fault says; true when the reply ends with it. */
async function perform(fault: EventFault, sink: Sink): Promise<boolean> {
  switch (fault.kind) {
    case 'stall':
      await sink.flush();
      await sleepUnlessLeft(fault.ms ?? Number.POSITIVE_INFINITY, sink);
      return sink.hasLeft();
    case 'reset':
      await sink.flush();
      await sleepUnlessLeft(arrivalMs, sink);
      sink.reset();
      return true;
    case 'cut':
      await sink.end(null);
      return true;
    case 'malformed':
      await sink.write(fault.bytes);
      return false;
    case 'error_event':
      await sink.end(fault.bytes);
      return true;
  }
}

/** The frames of one reply on their way out, with what has been written so far. */
class Writing {
  readonly faults: readonly EventFault[];
  readonly headers: Readonly<Record<string, string>>;
  readonly firstWaitMs: number;
  private readonly frames: readonly Frame[];
  private readonly paceMs: number;
  private next = 0;
  private startedAtMs: number | null = null;
  private tokensWritten = 0;
  private thinkingWritten = 0;
  private usageSent = false;

  constructor(
    plan: ReplyPlan,
    manner: Manner,
    private readonly sink: Sink,
  ) {
    const frames = manner.faults.length > 0 && plan.framing === 'whole' ? plan.frames.flatMap(halves) : plan.frames;
    this.frames = frames;
    this.faults = [...manner.faults]
      .sort((left, right) => left.afterEvents - right.afterEvents)
      .filter((fault) => fault.afterEvents <= frames.length);
    this.headers =
      plan.framing === 'whole' && keepsLength(this.faults)
        ? { ...plan.headers, 'content-length': String(byteLength(frames)) }
        : plan.headers;
    this.paceMs = plan.isPaced && plan.framing === 'events' ? manner.paceMs : 0;
    const wholeMs = plan.framing === 'whole' ? manner.paceMs * (plan.counts.completionTokens ?? 0) : 0;
    this.firstWaitMs = plan.isPaced ? manner.ttftMs + wholeMs : 0;
  }

  /** Writes frames up to (not including) an index at the pace; false when the client has gone. */
  async writeTo(end: number): Promise<boolean> {
    while (this.next < end) {
      const batch = await this.takeDue(end);
      if (batch.length === 0) return false;
      if (!this.count(batch, await this.sink.write(joined(batch)))) return false;
    }
    return !this.sink.hasLeft();
  }

  /** Writes all that is left and ends the reply; the last batch travels with the end. */
  async finish(): Promise<void> {
    while (this.next < this.frames.length) {
      const batch = await this.takeDue(this.frames.length);
      if (batch.length === 0) return;
      const isLast = this.next >= this.frames.length;
      const payload = joined(batch);
      if (!this.count(batch, await (isLast ? this.sink.end(payload) : this.sink.write(payload))) || isLast) return;
    }
    await this.sink.end(null);
  }

  result(fault: string | null): Delivery {
    return {
      tokensWritten: this.tokensWritten,
      thinkingWritten: this.thinkingWritten,
      usageSent: this.usageSent,
      hasLeft: fault !== 'reset' && this.sink.hasLeft(),
      fault,
    };
  }

  /** The frames that are due now, at least one after waiting for it; none when the client has gone. */
  private async takeDue(end: number): Promise<Frame[]> {
    const nowMs = performance.now();
    this.startedAtMs ??= nowMs;
    const dueMs = this.startedAtMs + this.next * this.paceMs;
    if (dueMs > nowMs) await sleepUnlessLeft(dueMs - nowMs, this.sink);
    if (this.sink.hasLeft()) return [];
    const allowed =
      this.paceMs === 0 ? end : Math.min(end, Math.floor((performance.now() - this.startedAtMs) / this.paceMs) + 1);
    const batch: Frame[] = [];
    let size = 0;
    for (let index = this.next; index < Math.max(allowed, this.next + 1) && size < mostBatchCharacters; index += 1) {
      const frame = this.frames[index];
      if (frame === undefined) break;
      batch.push(frame);
      size += frame.payload.length;
    }
    this.next += batch.length;
    return batch;
  }

  private count(batch: readonly Frame[], wasWritten: boolean): boolean {
    if (wasWritten) {
      for (const frame of batch) {
        this.tokensWritten += frame.tokens;
        this.thinkingWritten += frame.thinkingTokens ?? 0;
        this.usageSent ||= frame.carriesUsage;
      }
    }
    return wasWritten;
  }
}

/** A length is only promised when the body will be whole, or broken off by the connection. */
function keepsLength(faults: readonly EventFault[]): boolean {
  return faults.every((fault) => fault.kind === 'stall' || fault.kind === 'reset');
}

function byteLength(frames: readonly Frame[]): number {
  return frames.reduce((total, frame) => total + Buffer.byteLength(frame.payload), 0);
}

function halves(frame: Frame): readonly Frame[] {
  const bytes = Buffer.from(frame.payload);
  const middle = Math.ceil(bytes.length / 2);
  return [
    { payload: bytes.subarray(0, middle), tokens: 0, carriesUsage: false },
    { ...frame, payload: bytes.subarray(middle) },
  ];
}

function joined(batch: readonly Frame[]): string | Buffer {
  const [first] = batch;
  if (batch.length === 1 && first !== undefined) return first.payload;
  if (batch.every((frame) => typeof frame.payload === 'string')) return batch.map((frame) => frame.payload).join('');
  return Buffer.concat(batch.map((frame) => Buffer.from(frame.payload)));
}

/** Waits, but no longer than the client stays. Infinity waits for the client to leave. */
function sleepUnlessLeft(ms: number, sink: Sink): Promise<void> {
  if (ms <= 0 || sink.hasLeft()) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
    sink.onLeft(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
