'use client';

import { MailCheck } from 'lucide-react';
import { useState } from 'react';
import { Button, ButtonLink } from '../../ui/button';
import { AuthHeading } from './auth-heading';
import { postAuth } from './auth-request';

/** Says where the mail went. The same words whether or not the address had an account already. */
export function CheckMail({ email, inboxUrl }: { email: string; inboxUrl: string | null }) {
  const [state, setState] = useState<'idle' | 'sending' | 'sent' | 'failed'>('idle');
  const resend = async () => {
    setState('sending');
    const reply = await postAuth('/send-verification-email', { email, callbackURL: '/welcome' });
    setState(reply.ok ? 'sent' : 'failed');
  };
  return (
    <div>
      <MailCheck className="mb-4 size-8 text-accent" aria-hidden />
      <AuthHeading title="Check your mail">
        We have sent a mail to <strong className="font-medium text-text [overflow-wrap:anywhere]">{email}</strong>. The
        link in it opens your account.
      </AuthHeading>
      {inboxUrl ? (
        <div className="mb-4 grid gap-3 rounded-md border border-line bg-surface p-4">
          <p className="text-[13px] text-muted">
            No mail server is set, so the mail went to the sandbox&rsquo;s inbox on this machine.
          </p>
          <ButtonLink href={inboxUrl} target="_blank" rel="noreferrer" look="primary" size="medium" prefetch={false}>
            Open the sandbox inbox
          </ButtonLink>
        </div>
      ) : null}
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => void resend()} disabled={state === 'sending'}>
          Send it again
        </Button>
        <span aria-live="polite" className="text-[13px] text-muted">
          {state === 'sent' ? 'Sent.' : state === 'failed' ? 'That did not work. Wait a minute and try again.' : ''}
        </span>
      </div>
    </div>
  );
}
