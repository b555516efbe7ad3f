import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { ResetPasswordForm } from '../../../features/auth/reset-password-form';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';

export const metadata: Metadata = { title: 'New password' };

export default async function ResetPasswordPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const token = textParameter(await searchParams, 'token');
  if (!token) redirect('/forgot-password');
  return <ResetPasswordForm token={token} />;
}
