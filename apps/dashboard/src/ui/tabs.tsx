'use client';

import { Tabs as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly content: ReactNode;
}

export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  return (
    <Primitive.Root defaultValue={tabs[0]?.id ?? ''} className="min-w-0">
      <Primitive.List aria-label={label} className="mb-2 flex gap-1">
        {tabs.map((tab) => (
          <Primitive.Trigger
            key={tab.id}
            value={tab.id}
            className="rounded-md px-2.5 py-1 text-[13px] font-medium text-muted hover:text-text data-[state=active]:bg-sunken data-[state=active]:text-text"
          >
            {tab.title}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {tabs.map((tab) => (
        <Primitive.Content key={tab.id} value={tab.id} tabIndex={-1} className="min-w-0">
          {tab.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}
