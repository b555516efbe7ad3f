import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { deviceName } from '../../../features/account/device-name';
import { NameForm } from '../../../features/account/name-form';
import { OrganizationForm } from '../../../features/account/organization-form';
import { PasswordForm } from '../../../features/account/password-form';
import { SessionList, type SessionRow } from '../../../features/account/session-list';
import { percentOfBasisPoints } from '../../../features/landing/percent';
import { auth } from '../../../server/auth';
import { isAllowed, requireVisitor } from '../../../server/session';
import { Card } from '../../../ui/card';
import { Facts } from '../../../ui/facts';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Account' };

export default async function AccountPage() {
  const visitor = await requireVisitor();
  const { organization } = visitor;
  return (
    <div className="mx-auto grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading title="Account" />
      <Card title="You">
        <NameForm name={visitor.name} email={visitor.email} />
      </Card>
      <Card title="Password">
        <PasswordForm />
      </Card>
      <Card title="Sessions" note="Where you are signed in." isPadded={false}>
        <SessionList sessions={await readSessions(visitor.sessionId)} />
      </Card>
      <Card title="Organisation">
        <div className="grid gap-5">
          <OrganizationForm name={organization.organizationName} canWrite={isAllowed(visitor, 'organization.write')} />
          <Facts
            facts={[
              { title: 'Your role', value: organization.role },
              { title: 'Markup', value: percentOfBasisPoints(organization.markupBp) },
              { title: 'Terms accepted', value: organization.termsVersion ?? 'Not yet' },
              {
                title: 'Organisation id',
                value: <span className="font-mono text-[12.5px]">{organization.organizationId}</span>,
              },
            ]}
          />
        </div>
      </Card>
    </div>
  );
}

async function readSessions(currentId: string): Promise<SessionRow[]> {
  const sessions = await auth().api.listSessions({ headers: await headers() });
  return sessions
    .map((session) => ({
      id: session.id,
      device: deviceName(session.userAgent),
      address: session.ipAddress || null,
      startedAtMs: new Date(session.createdAt).getTime(),
      isCurrent: session.id === currentId,
    }))
    .sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.startedAtMs - a.startedAtMs);
}
