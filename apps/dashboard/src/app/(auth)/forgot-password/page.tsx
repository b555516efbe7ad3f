import type { Metadata } from 'next';
import { ForgotPasswordForm } from '../../../features/auth/forgot-password-form';
import { inboxUrl } from '../../../features/auth/mail-place';

export const metadata: Metadata = { title: 'Forgot password' };

export default function ForgotPasswordPage() {
  return <ForgotPasswordForm inboxUrl={inboxUrl()} />;
}
