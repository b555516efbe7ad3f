'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { postAuth } from '../auth/auth-request';
import { fieldText, useSubmit } from '../auth/use-submit';

export function NameForm({ name, email }: { name: string; email: string }) {
  const router = useRouter();
  const [isSaved, setSaved] = useState(false);
  const { isPending, refusal, onSubmit } = useSubmit(
    (form) => {
      setSaved(false);
      return postAuth('/update-user', { name: fieldText(form, 'name').trim() });
    },
    () => {
      setSaved(true);
      router.refresh();
    },
  );
  return (
    <form onSubmit={onSubmit} className="grid max-w-md gap-4">
      {refusal ? (
        <Notice tone="danger" role="alert">
          {refusal.message}
        </Notice>
      ) : null}
      <Field id="account-name" label="Name">
        <Input id="account-name" name="name" defaultValue={name} required maxLength={80} autoComplete="name" />
      </Field>
      <Field id="account-email" label="Email" hint="Confirmed. It cannot be changed yet.">
        <Input id="account-email" value={email} readOnly disabled aria-describedby="account-email-note" />
      </Field>
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" disabled={isPending}>
          {isPending ? 'Saving…' : 'Save name'}
        </Button>
        <span aria-live="polite" className="text-[13px] text-muted">
          {isSaved ? 'Saved.' : ''}
        </span>
      </div>
    </form>
  );
}
