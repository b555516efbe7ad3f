'use client';

import { useEffect, useRef, useState } from 'react';
import { Card } from '../../ui/card';
import { CodeBlock } from '../../ui/code-block';
import { Notice } from '../../ui/notice';
import { Skeleton } from '../../ui/skeleton';
import { createFirstKey, type FirstKey } from '../keys/first-key-action';
import { KEY_PLACEHOLDER } from '../quick-start/key-placeholder';
import { QuickStart } from '../quick-start/quick-start';
import type { SnippetModels } from '../quick-start/snippets';
import { FirstRequest } from './first-request';

interface WelcomeKeyProps {
  readonly gatewayUrl: string;
  readonly models: SnippetModels;
}

/** Asks for the first key once the page stands: opening the page (a mail scanner does that too) makes nothing. */
export function WelcomeKey({ gatewayUrl, models }: WelcomeKeyProps) {
  const [key, setKey] = useState<FirstKey | null>(null);
  const wasAsked = useRef(false);
  useEffect(() => {
    if (wasAsked.current) return;
    wasAsked.current = true;
    createFirstKey().then(setKey, () =>
      setKey({ kind: 'failed', message: 'The key could not be made. Reload the page to try again.' }),
    );
  }, []);
  return (
    <div className="grid gap-5">
      <Card title="1. Your key">
        <KeyBox first={key} />
      </Card>
      <Card title="2. Your first request" note="The SDK you have, unchanged but for its base URL.">
        <QuickStart
          gatewayUrl={gatewayUrl}
          apiKey={key?.kind === 'created' ? key.token : KEY_PLACEHOLDER}
          models={models}
          modelsHref="/models"
        />
      </Card>
      <Card title="3. See what it cost">
        <FirstRequest />
      </Card>
    </div>
  );
}

function KeyBox({ first }: { first: FirstKey | null }) {
  if (first === null) {
    return (
      <div role="status" aria-label="Making your key">
        <Skeleton className="h-11" />
      </div>
    );
  }
  switch (first.kind) {
    case 'created':
      return (
        <div className="grid gap-3">
          <CodeBlock code={first.token} label="key" />
          <Notice tone="warning" role="status">
            Copy it now. It is shown this once: we store only a keyed hash of it.
          </Notice>
        </div>
      );
    case 'exists':
      return (
        <p className="text-[13px] text-muted">
          Your key was shown before and cannot be shown again. Lost it? Revoke it and make another on the{' '}
          <a href="/keys" className="font-medium text-accent underline underline-offset-4">
            keys page
          </a>
          .
        </p>
      );
    case 'failed':
      return (
        <Notice tone="danger" role="alert">
          {first.message}
        </Notice>
      );
  }
}
