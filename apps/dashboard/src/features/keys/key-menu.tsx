'use client';

import { Ban, CirclePause, CirclePlay, EllipsisVertical, Pencil } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu';
import { Notice } from '../../ui/notice';
import { EditKey } from './edit-key';
import { changeKeyAction, type KeyChange } from './key-actions';
import type { KeyRow } from './key-row';

const UNREACHABLE: KeyChange = { kind: 'refused', message: 'The server could not be reached. Try again.' };

/** What can be done to one key. Revoking asks first: it cannot be undone. */
export function KeyMenu({ row, onNews }: { row: KeyRow; onNews: (news: string) => void }) {
  const [dialog, setDialog] = useState<'none' | 'edit' | 'revoke'>('none');
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const change = async (wanted: 'disable' | 'enable' | 'revoke') => {
    setPending(true);
    setRefusal(null);
    const result = await changeKeyAction({ keyId: row.keyId, change: wanted }).catch(() => UNREACHABLE);
    setPending(false);
    if (result.kind === 'refused') {
      setRefusal(result.message);
      onNews(result.message);
      return;
    }
    setDialog('none');
    onNews(newsOf(row.name, wanted, result.isAnnounced));
  };
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label={`Actions for key ${row.name}`} disabled={isPending}>
            <EllipsisVertical aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={() => setDialog('edit')}>
          <Pencil aria-hidden />
          Edit
        </MenuItem>
        {row.state === 'disabled' ? (
          <MenuItem onSelect={() => void change('enable')}>
            <CirclePlay aria-hidden />
            Enable
          </MenuItem>
        ) : (
          <MenuItem onSelect={() => void change('disable')}>
            <CirclePause aria-hidden />
            Disable
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem isDanger onSelect={() => setDialog('revoke')}>
          <Ban aria-hidden />
          Revoke
        </MenuItem>
      </Menu>
      <EditKey
        row={row}
        isOpen={dialog === 'edit'}
        onOpenChange={(isOpen) => setDialog(isOpen ? 'edit' : 'none')}
        onNews={onNews}
      />
      <Dialog
        isOpen={dialog === 'revoke'}
        onOpenChange={(isOpen) => setDialog(isOpen ? 'revoke' : 'none')}
        title={`Revoke “${row.name}”?`}
        description={`${row.hint} stops within a second, everywhere, for good. Answers that are already running finish.`}
      >
        {refusal ? (
          <Notice tone="danger" role="alert" className="mb-4">
            {refusal}
          </Notice>
        ) : null}
        <div className="flex justify-end gap-2">
          <Button size="medium" onClick={() => setDialog('none')}>
            Keep it
          </Button>
          <Button look="danger" size="medium" disabled={isPending} onClick={() => void change('revoke')}>
            {isPending ? 'Revoking…' : 'Revoke key'}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

function newsOf(name: string, change: 'disable' | 'enable' | 'revoke', isAnnounced: boolean): string {
  const done = { disable: 'is disabled', enable: 'is enabled', revoke: 'is revoked' }[change];
  return isAnnounced
    ? `“${name}” ${done}.`
    : `“${name}” ${done}. Gateways cannot be reached right now and learn of it as soon as they can.`;
}
