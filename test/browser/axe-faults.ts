import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it stands, or with the part that a selector names; one line per rule. */
export async function axeFaults(page: Page, selector = 'html'): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async (within) => {
    interface Axe {
      run(
        context: string,
        options: object,
      ): Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[] }>;
    }
    const { axe } = window as unknown as { axe: Axe };
    const { violations } = await axe.run(within, { resultTypes: ['violations'] });
    return violations.map(
      ({ id, nodes }) => `${id} at ${nodes[0]?.target.join(' ')} (${nodes.length}): ${nodes[0]?.failureSummary}`,
    );
  }, selector);
}
