import type { Metadata } from 'next';
import { connection } from 'next/server';
import { ButtonLink } from '../ui/button';
import { Logo } from '../ui/logo';

export const metadata: Metadata = { title: 'Not found' };

export default async function NotFound() {
  await connection();
  return (
    <main id="main" className="flex min-h-dvh flex-col items-center justify-center gap-5 px-4 text-center">
      <Logo />
      <div>
        <h1 className="text-xl font-semibold tracking-tight">There is no such page</h1>
        <p className="mt-1 text-muted">The address is wrong, or what was here is gone.</p>
      </div>
      <ButtonLink href="/" look="primary" size="medium">
        Go to the start
      </ButtonLink>
    </main>
  );
}
