import { displayUsd } from '@tollgate/amount';
import type { Metadata } from 'next';
import { config } from '../../../config';
import { exampleModels } from '../../../features/quick-start/example-models';
import { WelcomeKey } from '../../../features/welcome/welcome-key';
import { catalog } from '../../../server/catalog';
import { requireVisitor } from '../../../server/session';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Welcome' };

export default async function WelcomePage() {
  const visitor = await requireVisitor();
  const { gatewayUrl, trialCreditNanousd } = config();
  return (
    <div className="mx-auto grid max-w-3xl gap-6">
      <PageHeading title={`Welcome, ${visitor.name}`}>
        {trialCreditNanousd > 0n
          ? `${displayUsd(trialCreditNanousd)} of trial credit is being added to your balance. Three steps to your first answer.`
          : 'Three steps to your first answer.'}
      </PageHeading>
      <WelcomeKey gatewayUrl={gatewayUrl} models={exampleModels((await catalog()).models)} />
    </div>
  );
}
