'use client';

import { Menu as MenuIcon, X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/button';
import { NavigationLinks } from './navigation-links';

/** The sidebar of a phone. */
export function MobileDrawer({ heading, footer }: { heading: ReactNode; footer: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Primitive.Root open={isOpen} onOpenChange={setOpen}>
      <Primitive.Trigger asChild>
        <Button look="quiet" size="icon" aria-label="Open menu">
          <MenuIcon aria-hidden />
        </Button>
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 bg-black/45 data-[state=open]:animate-in data-[state=open]:fade-in" />
        <Primitive.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col gap-4 border-r border-line bg-surface p-4 shadow-[var(--shadow-raised)] data-[state=open]:animate-in data-[state=open]:slide-in-from-left"
        >
          <Primitive.Title className="sr-only">Menu</Primitive.Title>
          <div className="flex items-center justify-between">
            {heading}
            <Primitive.Close asChild>
              <Button look="quiet" size="icon" aria-label="Close menu">
                <X aria-hidden />
              </Button>
            </Primitive.Close>
          </div>
          <NavigationLinks onNavigate={() => setOpen(false)} />
          <div className="mt-auto">{footer}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
