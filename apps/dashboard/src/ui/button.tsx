import { cva, type VariantProps } from 'class-variance-authority';
import Link from 'next/link';
import type { ComponentProps } from 'react';
import { classNames } from './class-names';

const button = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:pointer-events-none disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-primary text-on-primary hover:bg-primary-hover',
        outline: 'border border-line-strong bg-surface text-text hover:bg-hover',
        quiet: 'text-muted hover:bg-hover hover:text-text',
        danger: 'border border-danger-line bg-danger-soft text-danger hover:border-danger',
      },
      size: {
        small: 'h-8 px-2.5 text-[13px]',
        medium: 'h-9 px-3.5 text-sm',
        large: 'h-11 px-5 text-sm',
        icon: 'size-8',
      },
    },
    defaultVariants: { look: 'outline', size: 'small' },
  },
);

type ButtonLook = VariantProps<typeof button>;

export function Button({ look, size, className, type = 'button', ...props }: ComponentProps<'button'> & ButtonLook) {
  return <button type={type} className={classNames(button({ look, size }), className)} {...props} />;
}

export function ButtonLink({ look, size, className, ...props }: ComponentProps<typeof Link> & ButtonLook) {
  return <Link className={classNames(button({ look, size }), className)} {...props} />;
}
