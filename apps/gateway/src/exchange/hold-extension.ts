import type { Extension } from '@tollgate/admission';
import { maxAmount, minAmount, type Nanousd, nanousd } from '@tollgate/amount';
import { affordableOutputTokens } from '@tollgate/pricing';
import { boundOf, type TokenBounds } from './hold.js';

/** More is held when less than this is left unused of what is held: a fast model says 500 tokens between two looks. */
const AHEAD_TOKENS = 2_048;
const STEP_TOKENS = 8_192;
const LOOK_EVERY_MS = 250;
/** No answer has more; bounds the search for what an amount covers. */
const TOKENS_MAX = 10_000_000;
/** What a model says in a second, where it cannot be seen: thinking that is not shown, an answer that comes as a whole. */
const UNSEEN_TOKENS_PER_SECOND = 200;

/** One answer on its way, as far as its hold must know of it. */
export interface Spending {
  /** output tokens so far, rather too many than too few, and cheap to ask */
  estimate(): number;
  /** output tokens so far by our own count */
  count(): number;
  /** what is held is used up: the answer ends here, as if its maximum were reached */
  end(): void;
}

export interface ExtensionOptions {
  readonly extend: (amounts: { wantNanousd: Nanousd; floorNanousd: Nanousd }) => Promise<Extension>;
  readonly bounds: TokenBounds;
  readonly heldNanousd: Nanousd;
  /** the caller pays no more than this */
  readonly maxCostNanousd: Nanousd | null;
  /** the maximum the provider was told, over all choices: more is never needed; null where it was told none */
  readonly mostTokens: number | null;
}

/**
 * Raises the hold of a running answer ahead of need, and ends the answer where it cannot be raised any more (money.md section 0 item 7). An
 * estimate decides when to ask for more; only our own count ends an answer.
 */
export class HoldExtension {
  readonly #options: ExtensionOptions;
  #heldNanousd: Nanousd;
  #heldTokens: number;
  #isAsking = false;

  constructor(options: ExtensionOptions) {
    this.#options = options;
    this.#heldNanousd = options.heldNanousd;
    this.#heldTokens = tokensCovered(options.bounds, options.heldNanousd);
  }

  get heldTokens(): number {
    return this.#heldTokens;
  }

  /** Called several times a second. Rejects only for a defect of ours. */
  async look(spending: Spending): Promise<void> {
    const used = spending.estimate();
    const needed = this.#most(used + AHEAD_TOKENS);
    if (this.#isAsking || needed <= this.#heldTokens) return;
    this.#isAsking = true;
    await this.#ask(used).finally(() => {
      this.#isAsking = false;
    });
    if (used >= this.#heldTokens && spending.count() >= this.#heldTokens) spending.end();
  }

  #most(tokens: number): number {
    const { mostTokens } = this.#options;
    return mostTokens === null ? tokens : Math.min(tokens, mostTokens);
  }

  async #ask(used: number): Promise<void> {
    const { bounds, extend, maxCostNanousd } = this.#options;
    const most = maxCostNanousd === null ? null : nanousd(maxCostNanousd - this.#heldNanousd);
    if (most !== null && most <= 0n) return;
    const more = (tokens: number) => maxAmount(nanousd(1n), nanousd(boundOf(bounds, tokens) - this.#heldNanousd));
    const wanted = more(this.#most(used + AHEAD_TOKENS + STEP_TOKENS));
    const wantNanousd = most !== null && most < wanted ? most : wanted;
    const least = more(this.#most(used + 1));
    const floorNanousd = minAmount(least, wantNanousd);
    const extension = await extend({ wantNanousd, floorNanousd });
    if (extension.kind !== 'extended') return;
    this.#heldNanousd = extension.heldNanousd;
    this.#heldTokens = tokensCovered(bounds, this.#heldNanousd);
  }
}

function tokensCovered(bounds: TokenBounds, availableNanousd: Nanousd): number {
  return affordableOutputTokens({ ...bounds, availableNanousd, wanted: TOKENS_MAX });
}

/** Looks at all running answers together, so that their extensions are one round trip. */
export class HoldExtensions {
  readonly #running = new Map<HoldExtension, Spending>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly onDefect: (error: unknown) => void,
    everyMs = LOOK_EVERY_MS,
  ) {
    this.#timer = setInterval(() => this.look(), everyMs);
    this.#timer.unref();
  }

  /** Until the function it returns is called. */
  watch(extension: HoldExtension, spending: Spending): () => void {
    this.#running.set(extension, spending);
    return () => void this.#running.delete(extension);
  }

  look(): void {
    for (const [extension, spending] of this.#running) extension.look(spending).catch(this.onDefect);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#running.clear();
  }
}

/** Tokens of what cannot be seen, after so many milliseconds of silence. */
export function unseenTokens(silentMs: number): number {
  return Math.ceil((silentMs / 1_000) * UNSEEN_TOKENS_PER_SECOND);
}
