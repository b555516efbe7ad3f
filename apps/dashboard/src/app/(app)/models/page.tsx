import type { Metadata } from 'next';
import { percentOfBasisPoints } from '../../../features/landing/percent';
import { PriceList } from '../../../features/models/price-list';
import { priceRows } from '../../../features/models/price-row';
import { catalog } from '../../../server/catalog';
import { requireVisitor } from '../../../server/session';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Models' };

export default async function ModelsPage() {
  const visitor = await requireVisitor();
  const { markupBp } = visitor.organization;
  const { models } = await catalog();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading title="Models">
        Dollars per million tokens: the provider&rsquo;s price plus your markup of {percentOfBasisPoints(markupBp)}.
      </PageHeading>
      <PriceList rows={priceRows(models, Date.now())} markupBp={markupBp} isLinked />
    </div>
  );
}
