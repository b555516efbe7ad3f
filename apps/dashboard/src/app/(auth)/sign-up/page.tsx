import { displayUsd } from '@tollgate/amount';
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { config } from '../../../config';
import { inboxUrl } from '../../../features/auth/mail-place';
import { SignUpForm } from '../../../features/auth/sign-up-form';
import { currentVisitor } from '../../../server/session';

export const metadata: Metadata = { title: 'Sign up' };

export default async function SignUpPage() {
  if (await currentVisitor()) redirect('/overview');
  const { trialCreditNanousd } = config();
  return (
    <SignUpForm inboxUrl={inboxUrl()} trialCredit={trialCreditNanousd > 0n ? displayUsd(trialCreditNanousd) : null} />
  );
}
