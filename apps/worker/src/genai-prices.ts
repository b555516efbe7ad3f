import { waitForUpdate } from '@pydantic/genai-prices';

/** The version of the shipped price data: the one apps/worker/package.json pins. */
export const GENAI_PRICES_VERSION = '0.1.8';

/** The price data inside the package. Nothing is fetched: updates are not switched on. */
export async function shippedPrices(): Promise<unknown> {
  return waitForUpdate();
}
