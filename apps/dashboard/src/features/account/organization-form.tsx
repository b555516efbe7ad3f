'use client';

import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { fieldText } from '../auth/use-submit';
import { renameOrganizationAction } from './account-actions';

export function OrganizationForm({ name, canWrite }: { name: string; canWrite: boolean }) {
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [isSaved, setSaved] = useState(false);
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = fieldText(new FormData(event.currentTarget), 'organization');
    setPending(true);
    setSaved(false);
    const result = await renameOrganizationAction(wanted).catch(() => null);
    setPending(false);
    setSaved(result?.kind === 'renamed');
    setError(
      result === null
        ? 'The server could not be reached. Try again.'
        : result.kind === 'refused'
          ? result.message
          : null,
    );
  };
  return (
    <form onSubmit={(event) => void onSubmit(event)} className="grid max-w-md gap-4">
      <Field id="organization" label="Organisation name" error={error}>
        <Input
          id="organization"
          name="organization"
          defaultValue={name}
          required
          maxLength={80}
          disabled={!canWrite}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : 'organization-note'}
        />
      </Field>
      {canWrite ? (
        <div className="flex items-center gap-3">
          <Button type="submit" look="primary" disabled={isPending}>
            {isPending ? 'Saving…' : 'Rename'}
          </Button>
          <span aria-live="polite" className="text-[13px] text-muted">
            {isSaved ? 'Saved.' : ''}
          </span>
        </div>
      ) : null}
    </form>
  );
}
