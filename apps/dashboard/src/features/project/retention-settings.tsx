'use client';

import { type ReactNode, useOptimistic, useState, useTransition } from 'react';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Card } from '../../ui/card';
import { Dialog } from '../../ui/dialog';
import { Notice } from '../../ui/notice';
import { Switch } from '../../ui/switch';
import { changeRetentionAction, type RetentionChange } from './project-actions';

export interface Retention {
  readonly storesResponses: boolean;
  readonly keepsReasoning: boolean;
}

const UNREACHABLE: RetentionChange = { kind: 'refused', message: 'The server could not be reached. Try again.' };

interface RetentionSettingsProps {
  readonly retention: Retention;
  readonly canWrite: boolean;
}

/** What the project keeps of its conversations. A switch moves at once and goes back if the change was refused. */
export function RetentionSettings({ retention, canWrite }: RetentionSettingsProps) {
  const [shown, showAtOnce] = useOptimistic(retention, (now, change: Partial<Retention>) => ({ ...now, ...change }));
  const [isPending, startChange] = useTransition();
  const [news, setNews] = useState<{ readonly tone: 'quiet' | 'danger'; readonly text: string } | null>(null);
  const [isAsking, setAsking] = useState(false);
  const change = (wish: Partial<Retention>) => {
    if (isPending) return;
    setNews(null);
    startChange(async () => {
      showAtOnce(wish);
      const result = await changeRetentionAction(wish).catch(() => UNREACHABLE);
      setNews(
        result.kind === 'refused'
          ? { tone: 'danger', text: result.message }
          : { tone: 'quiet', text: newsOf(wish, result.isKnown) },
      );
    });
  };
  const isNothingKept = !shown.storesResponses && !shown.keepsReasoning;
  return (
    <Card
      title="Privacy and storage"
      note="The request log never holds a prompt or an answer. These two keep more, where you want it."
      action={isNothingKept ? <Badge tone="success">Zero retention</Badge> : null}
      isPadded={false}
    >
      {canWrite ? null : (
        <div className="border-b border-line p-4">
          <Notice>Owners and admins of the organisation change these.</Notice>
        </div>
      )}
      <ul className="divide-y divide-line">
        <Setting
          id="stores-responses"
          title="Keep responses"
          term="30 days, encrypted"
          isOn={shown.storesResponses}
          isDisabled={!canWrite}
          onChange={(isOn) => (isOn ? change({ storesResponses: true }) : setAsking(true))}
        >
          <p>
            Requests to the Responses API and their answers are kept, so that <Code>previous_response_id</Code> works
            and an answer can be read again. A request with <Code>store: false</Code> is not kept.
          </p>
          <p>
            Off: they are not kept, and <Code>previous_response_id</Code> is refused. Turning it off deletes what was
            stored.
          </p>
        </Setting>
        <Setting
          id="keeps-reasoning"
          title="Keep reasoning for tool calls"
          term="6 hours, encrypted"
          isOn={shown.keepsReasoning}
          isDisabled={!canWrite}
          onChange={(keepsReasoning) => change({ keepsReasoning })}
        >
          <p>
            Reasoning models want their own reasoning back with the result of a tool. Most clients of Chat Completions
            drop it; Tollgate then keeps it and puts it back.
          </p>
          <p>
            Off: nothing is kept (zero retention), and what was kept is deleted. Such a model then thinks again after a
            tool call, without what it thought before.
          </p>
        </Setting>
      </ul>
      <p
        aria-live="polite"
        className={
          news === null
            ? 'sr-only'
            : `border-t border-line px-4 py-2.5 text-[13px] ${news.tone === 'danger' ? 'text-danger' : 'text-muted'}`
        }
      >
        {news?.text ?? ''}
      </p>
      <StorageOffDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        onConfirm={() => {
          setAsking(false);
          change({ storesResponses: false });
        }}
      />
    </Card>
  );
}

interface SettingProps {
  readonly id: string;
  readonly title: string;
  /** how long, and how */
  readonly term: string;
  readonly isOn: boolean;
  readonly isDisabled: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly children: ReactNode;
}

function Setting({ id, title, term, isOn, isDisabled, onChange, children }: SettingProps) {
  return (
    <li className="flex items-start justify-between gap-4 p-4 sm:gap-8">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <label htmlFor={id} className="text-sm font-medium">
            {title}
          </label>
          <Badge>{term}</Badge>
        </div>
        <div id={`${id}-note`} className="mt-1.5 grid max-w-xl gap-1.5 text-[13px] leading-relaxed text-muted">
          {children}
        </div>
      </div>
      <Switch id={id} isOn={isOn} onChange={onChange} isDisabled={isDisabled} describedBy={`${id}-note`} />
    </li>
  );
}

interface StorageOffDialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly onConfirm: () => void;
}

function StorageOffDialog({ isOpen, onOpenChange, onConfirm }: StorageOffDialogProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Delete all kept responses?"
      description="Every response this project has kept is deleted now, for good. Conversations that go on from one with previous_response_id are refused from then on."
    >
      <div className="flex justify-end gap-2">
        <Button size="medium" onClick={() => onOpenChange(false)}>
          Keep them
        </Button>
        <Button look="danger" size="medium" onClick={onConfirm}>
          Turn off and delete
        </Button>
      </div>
    </Dialog>
  );
}

function Code({ children }: { children: string }) {
  return <code className="font-mono text-[12.5px] text-text [overflow-wrap:anywhere]">{children}</code>;
}

const NEWS: Readonly<Record<keyof Retention, { readonly on: string; readonly off: string }>> = {
  storesResponses: {
    on: 'Responses are kept from now on.',
    off: 'Responses are no longer kept; the stored ones are deleted.',
  },
  keepsReasoning: { on: 'Reasoning is kept from now on.', off: 'Reasoning is no longer kept.' },
};

function newsOf(wish: Partial<Retention>, isKnown: boolean): string {
  const done = (['storesResponses', 'keepsReasoning'] as const)
    .flatMap((name) => (wish[name] === undefined ? [] : [NEWS[name][wish[name] ? 'on' : 'off']]))
    .join(' ');
  return isKnown ? done : `${done} Gateways cannot be reached right now and learn of it as soon as they can.`;
}
