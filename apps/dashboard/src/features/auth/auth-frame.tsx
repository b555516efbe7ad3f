import Link from 'next/link';
import type { ReactNode } from 'react';
import { Logo } from '../../ui/logo';
import { SandboxBanner } from '../shell/sandbox-banner';

/** The quiet page around sign-in, sign-up and reset. */
export function AuthFrame({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SandboxBanner />
      <header className="px-4 py-5 sm:px-6">
        <Link href="/" aria-label="Tollgate, home" className="inline-block rounded">
          <Logo />
        </Link>
      </header>
      <main id="main" className="flex flex-1 items-start justify-center px-4 pb-16 pt-6 sm:pt-[8vh]">
        <div className="w-full max-w-sm">{children}</div>
      </main>
    </div>
  );
}
