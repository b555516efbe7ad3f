'use client';

import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { fieldText } from '../auth/use-submit';
import { editKeyAction, type KeyChange } from './key-actions';
import type { KeyRow } from './key-row';

interface EditKeyProps {
  readonly row: KeyRow;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly onNews: (news: string) => void;
}

export function EditKey({ row, isOpen, onOpenChange, onNews }: EditKeyProps) {
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<Extract<KeyChange, { kind: 'refused' }> | null>(null);
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setPending(true);
    const result = await editKeyAction({
      keyId: row.keyId,
      name: fieldText(form, 'name'),
      limit: fieldText(form, 'limit'),
    }).catch((): KeyChange => ({ kind: 'refused', message: 'The server could not be reached. Try again.' }));
    setPending(false);
    if (result.kind === 'refused') return setRefusal(result);
    setRefusal(null);
    onOpenChange(false);
    onNews(`“${fieldText(form, 'name')}” is saved.`);
  };
  const errorOf = (field: string) => (refusal?.field === field ? refusal.message : null);
  return (
    <Dialog isOpen={isOpen} onOpenChange={onOpenChange} title={`Edit “${row.name}”`} description={row.hint}>
      <form onSubmit={(event) => void onSubmit(event)} className="grid gap-4">
        {refusal && !refusal.field ? (
          <Notice tone="danger" role="alert">
            {refusal.message}
          </Notice>
        ) : null}
        <Field id={`name-${row.keyId}`} label="Name" error={errorOf('name')}>
          <Input
            id={`name-${row.keyId}`}
            name="name"
            defaultValue={row.name}
            required
            maxLength={80}
            autoComplete="off"
          />
        </Field>
        <Field
          id={`limit-${row.keyId}`}
          label="Spending limit, $"
          error={errorOf('limit')}
          hint={`Over its whole life; ${row.spent} is spent. Empty: none.`}
        >
          <Input
            id={`limit-${row.keyId}`}
            name="limit"
            defaultValue={row.limitUsd}
            inputMode="decimal"
            placeholder="No limit"
            autoComplete="off"
            aria-describedby={`limit-${row.keyId}-note`}
          />
        </Field>
        <div className="flex justify-end gap-2">
          <Button size="medium" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" look="primary" size="medium" disabled={isPending}>
            {isPending ? 'Saving…' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
