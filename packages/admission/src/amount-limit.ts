/** The largest amount Redis' and PostgreSQL's int64 hold, in nano-dollars. */
export const LARGEST_AMOUNT = 2n ** 63n - 1n;
