'use client';

import Link from 'next/link';
import { useState } from 'react';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { AuthHeading, textLink } from './auth-heading';
import { postAuth } from './auth-request';
import { CheckMail } from './check-mail';
import { TERMS_VERSION } from './terms';
import { fieldText, useSubmit } from './use-submit';

/** `inboxUrl` is the sandbox's mail page, or null where mail is real. */
export function SignUpForm({ inboxUrl, trialCredit }: { inboxUrl: string | null; trialCredit: string | null }) {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { isPending, refusal, onSubmit } = useSubmit(
    (form) =>
      postAuth('/sign-up/email', {
        name: fieldText(form, 'name').trim(),
        email: fieldText(form, 'email').trim(),
        password: fieldText(form, 'password'),
        acceptedTerms: form.get('terms') === 'on' ? TERMS_VERSION : '',
        callbackURL: '/welcome',
      }),
    (form) => setSentTo(fieldText(form, 'email').trim()),
  );
  if (sentTo !== null) return <CheckMail email={sentTo} inboxUrl={inboxUrl} />;
  return (
    <>
      <AuthHeading title="Create your account">
        {trialCredit
          ? `${trialCredit} of trial credit once your address is confirmed.`
          : 'Your first key is two minutes away.'}
      </AuthHeading>
      <form onSubmit={onSubmit} className="grid gap-4">
        {refusal ? (
          <Notice tone="danger" role="alert">
            {refusal.message}
          </Notice>
        ) : null}
        <Field id="name" label="Name">
          <Input id="name" name="name" autoComplete="name" required maxLength={80} />
        </Field>
        <Field id="email" label="Email">
          <Input id="email" name="email" type="email" autoComplete="email" required maxLength={254} />
        </Field>
        <Field id="password" label="Password" hint="At least 10 characters. A sentence is a good one.">
          <Input
            id="password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            maxLength={128}
            aria-describedby="password-note"
          />
        </Field>
        <label className="flex items-start gap-2.5 text-[13px]">
          <input type="checkbox" name="terms" required className="mt-0.5 size-4 shrink-0 accent-[var(--accent)]" />
          <span>
            I accept the{' '}
            <Link href="/terms" target="_blank" className={textLink}>
              terms
            </Link>
            .
          </span>
        </label>
        <Button type="submit" look="primary" size="medium" disabled={isPending}>
          {isPending ? 'Creating…' : 'Create account'}
        </Button>
      </form>
      <p className="mt-6 text-[13px] text-muted">
        Already have an account?{' '}
        <Link href="/sign-in" className={textLink}>
          Sign in
        </Link>
      </p>
    </>
  );
}
