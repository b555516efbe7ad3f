'use client';

import { DropdownMenu as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { classNames } from './class-names';

interface MenuProps {
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly side?: 'top' | 'bottom';
  readonly align?: 'start' | 'end';
}

export function Menu({ trigger, children, side = 'bottom', align = 'end' }: MenuProps) {
  return (
    <Primitive.Root modal={false}>
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          side={side}
          align={align}
          sideOffset={6}
          className="z-50 min-w-44 rounded-lg border border-line bg-surface p-1 shadow-[var(--shadow-raised)] data-[state=open]:animate-in data-[state=open]:fade-in"
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

const itemLook =
  'flex w-full cursor-pointer select-none items-center gap-2 rounded-md px-2.5 py-1.5 text-left text-[13px] outline-none data-[highlighted]:bg-hover data-[disabled]:opacity-50 [&_svg]:size-4';

interface MenuItemProps {
  readonly children: ReactNode;
  readonly onSelect?: () => void;
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
}

export function MenuItem({ children, onSelect, isDanger = false, isDisabled = false }: MenuItemProps) {
  return (
    <Primitive.Item
      disabled={isDisabled}
      onSelect={() => onSelect?.()}
      className={classNames(itemLook, isDanger ? 'text-danger' : 'text-text')}
    >
      {children}
    </Primitive.Item>
  );
}

export function MenuLinkItem({ children }: { children: ReactNode }) {
  return (
    <Primitive.Item asChild className={itemLook}>
      {children}
    </Primitive.Item>
  );
}

export function MenuSeparator() {
  return <Primitive.Separator className="my-1 h-px bg-line" />;
}
