import { listKeys } from '@tollgate/access';
import type { Metadata } from 'next';
import Link from 'next/link';
import { CreateKey } from '../../../features/keys/create-key';
import { toKeyRow } from '../../../features/keys/key-row';
import { KeyTable } from '../../../features/keys/key-table';
import { NotAllowed } from '../../../features/shell/not-allowed';
import { database } from '../../../server/database';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';
import { isAllowed, requireVisitor } from '../../../server/session';
import { ButtonLink } from '../../../ui/button';
import { Card } from '../../../ui/card';
import { EmptyState } from '../../../ui/empty-state';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Keys' };

const PAGE_SIZE = 50;

export default async function KeysPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const visitor = await requireVisitor();
  if (!isAllowed(visitor, 'key.read')) return <NotAllowed />;
  const parameters = await searchParams;
  const before = textParameter(parameters, 'before');
  const includeRevoked = textParameter(parameters, 'revoked') === 'shown';
  const { organizationId } = visitor.organization;
  const page = await listKeys(database(), {
    organizationId,
    nowMs: Date.now(),
    limit: PAGE_SIZE,
    includeRevoked,
    ...(before === undefined ? {} : { before }),
  });
  const canWrite = isAllowed(visitor, 'key.write');
  const more = new URLSearchParams({ ...(includeRevoked ? { revoked: 'shown' } : {}), before: page.next ?? '' });
  return (
    <div className="grid gap-5">
      <PageHeading
        title="Keys"
        action={canWrite ? <CreateKey canManage={isAllowed(visitor, 'management_key.write')} /> : null}
      >
        A key is shown once and stored as a keyed hash. A revoked key stops within a second.
      </PageHeading>
      <Card isPadded={false}>
        {page.rows.length === 0 ? (
          <EmptyState title={before ? 'No more keys' : 'No keys yet'}>
            <p>{canWrite ? 'Create one for each program that calls models.' : 'Nobody has created a key yet.'}</p>
          </EmptyState>
        ) : (
          <KeyTable rows={page.rows.map(toKeyRow)} canWrite={canWrite} />
        )}
      </Card>
      <div className="flex items-center justify-between gap-3 text-[13px]">
        <Link
          href={includeRevoked ? '/keys' : '/keys?revoked=shown'}
          prefetch={false}
          className="text-muted underline underline-offset-4 hover:text-text"
        >
          {includeRevoked ? 'Hide revoked keys' : 'Show revoked keys'}
        </Link>
        {page.next ? (
          <ButtonLink href={`/keys?${more}`} prefetch={false}>
            Older keys
          </ButtonLink>
        ) : null}
      </div>
    </div>
  );
}
