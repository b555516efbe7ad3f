'use client';

import { Tabs as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';

export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly content: ReactNode;
}

/** Panels lie on top of each other and all take the room of the largest: choosing another tab moves nothing on the page. */
export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  return (
    <Primitive.Root defaultValue={tabs[0]?.id ?? ''} className="min-w-0">
      <Primitive.List aria-label={label} className="mb-2 flex flex-wrap gap-1">
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
      <div className="grid grid-cols-[minmax(0,1fr)]">
        {tabs.map((tab) => (
          <Primitive.Content
            key={tab.id}
            value={tab.id}
            forceMount
            tabIndex={-1}
            className="col-start-1 row-start-1 grid min-w-0 grid-cols-[minmax(0,1fr)] data-[state=inactive]:invisible"
          >
            {tab.content}
          </Primitive.Content>
        ))}
      </div>
    </Primitive.Root>
  );
}
