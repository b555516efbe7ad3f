import { readProjectSettings } from '@tollgate/conversations';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { RetentionSettings } from '../../../features/project/retention-settings';
import { database } from '../../../server/database';
import { isAllowed, requireVisitor } from '../../../server/session';
import { Card } from '../../../ui/card';
import { CopyButton } from '../../../ui/copy-button';
import { Facts } from '../../../ui/facts';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Settings' };

export default async function SettingsPage() {
  const visitor = await requireVisitor();
  const { organizationId, defaultProjectId: projectId } = visitor.organization;
  const settings = await readProjectSettings(database(), { organizationId, projectId });
  if (settings === null) notFound();
  const { name, storesResponses, keepsReasoning } = settings;
  return (
    <div className="mx-auto grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading title="Settings">What holds for the project “{name}” and every key in it.</PageHeading>
      <RetentionSettings
        retention={{ storesResponses, keepsReasoning }}
        canWrite={isAllowed(visitor, 'retention.write')}
      />
      <Card title="Project">
        <Facts
          facts={[
            { title: 'Name', value: name },
            {
              title: 'Project id',
              value: (
                <span className="flex items-center gap-1">
                  <span className="min-w-0 font-mono text-[12.5px] [overflow-wrap:anywhere]">{projectId}</span>
                  <CopyButton text={projectId} label="Copy project id" />
                </span>
              ),
            },
            {
              title: 'Over the API',
              value: (
                <>
                  <code className="font-mono text-[12.5px]">PATCH /v1/project</code> with a management key changes the
                  same settings.
                </>
              ),
            },
          ]}
        />
      </Card>
    </div>
  );
}
