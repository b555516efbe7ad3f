'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button';

interface CopyButtonProps {
  readonly text: string;
  /** what is copied, for a screen reader: "Copy key" */
  readonly label: string;
  /** shows the label beside the icon */
  readonly isWide?: boolean;
}

export function CopyButton({ text, label, isWide = false }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  const said = state === 'copied' ? 'Copied' : state === 'failed' ? 'Select and copy it by hand' : label;
  return (
    <Button
      look={isWide ? 'outline' : 'quiet'}
      size={isWide ? 'small' : 'icon'}
      onClick={copy}
      aria-label={label}
      title={label}
    >
      {state === 'copied' ? <Check aria-hidden className="text-success" /> : <Copy aria-hidden />}
      {isWide ? <span>{said}</span> : null}
      <span className="sr-only" aria-live="polite">
        {state === 'idle' ? '' : said}
      </span>
    </Button>
  );
}
