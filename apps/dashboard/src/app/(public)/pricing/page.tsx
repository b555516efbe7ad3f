import type { Metadata } from 'next';
import { connection } from 'next/server';
import { config } from '../../../config';
import { percentOfBasisPoints } from '../../../features/landing/percent';
import { PriceList } from '../../../features/models/price-list';
import { priceRows } from '../../../features/models/price-row';
import { catalog } from '../../../server/catalog';
import { currentVisitor } from '../../../server/session';

export const metadata: Metadata = { title: 'Prices' };

export default async function PricingPage() {
  await connection();
  const { markupBp } = config();
  const [{ models }, visitor] = await Promise.all([catalog(), currentVisitor()]);
  return (
    <div className="mx-auto max-w-6xl px-4 pt-12 sm:px-6">
      <h1 className="text-3xl font-semibold tracking-tight">Prices</h1>
      <p className="mb-6 mt-2 max-w-2xl text-[15px] leading-relaxed text-muted">
        Dollars per million tokens: the provider&rsquo;s list price plus {percentOfBasisPoints(markupBp)}. You pay for
        what a request used, and nothing else. Models marked &ldquo;soon&rdquo; have a price and no adapter yet.
      </p>
      <PriceList
        rows={priceRows(models, Date.now())}
        markupBp={visitor?.organization.markupBp ?? markupBp}
        isLinked={visitor !== null}
      />
    </div>
  );
}
