import { keyNames } from '@tollgate/access';
import { type ChargeRecord, getRequest, type RequestRecord } from '@tollgate/usage';
import { ArrowLeft } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { AttemptTimeline } from '../../../../features/requests/attempt-timeline';
import { LossList } from '../../../../features/requests/loss-list';
import { requestFacts } from '../../../../features/requests/request-facts';
import { RequestReceipt } from '../../../../features/requests/request-receipt';
import { RequestStatus } from '../../../../features/requests/request-status';
import { NotAllowed } from '../../../../features/shell/not-allowed';
import { keyTitle } from '../../../../features/usage-filter/filter-choices';
import { database } from '../../../../server/database';
import { isAllowed, requireVisitor } from '../../../../server/session';
import { Badge } from '../../../../ui/badge';
import { Card } from '../../../../ui/card';
import { CopyButton } from '../../../../ui/copy-button';
import { type Fact, Facts } from '../../../../ui/facts';
import { LocalTime } from '../../../../ui/local-time';
import { PageHeading } from '../../../../ui/page-heading';

export const metadata: Metadata = { title: 'Request' };

export default async function RequestPage({ params }: { params: Promise<{ id: string }> }) {
  const visitor = await requireVisitor();
  if (!isAllowed(visitor, 'request.read')) return <NotAllowed />;
  const { id } = await params;
  const { organizationId } = visitor.organization;
  const found = await getRequest(database(), { organizationId, requestId: id });
  if (!found) notFound();
  const { log, event } = found;
  const keyId = log?.keyId ?? event?.keyId ?? '';
  const names = await keyNames(database(), { organizationId, keyIds: [keyId] });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <Link
        href="/requests"
        prefetch={false}
        className="inline-flex w-fit items-center gap-1.5 rounded text-[13px] text-muted hover:text-text"
      >
        <ArrowLeft className="size-4" aria-hidden />
        Requests
      </Link>
      <PageHeading
        title={log?.model ?? event?.model ?? 'Request'}
        action={
          log ? (
            <div className="flex items-center gap-2">
              {log.isSandbox ? <Badge>sandbox</Badge> : null}
              <RequestStatus {...log} />
            </div>
          ) : null
        }
      >
        <LocalTime atMs={log?.startedAtMs ?? event?.settledAtMs ?? 0} />
      </PageHeading>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="grid min-w-0 gap-4">
          <RequestReceipt event={event} />
          <Card title="Attempts">
            {log ? (
              <AttemptTimeline attempts={log.attempts} durationMs={log.durationMs} />
            ) : (
              <p className="text-[13px] text-muted">The log of this request is older than 90 days and is gone.</p>
            )}
          </Card>
        </div>
        <div className="grid min-w-0 gap-4">
          {log ? (
            <Card title="Request">
              <Facts facts={requestFacts(log)} />
            </Card>
          ) : null}
          {log ? <LossList losses={log.losses} /> : null}
          <Card title="Ids">
            <Facts facts={idFacts(id, log, event, keyTitle(keyId, names.get(keyId)))} />
          </Card>
          {log && Object.keys(log.metadata).length > 0 ? (
            <Card title="Metadata">
              <Facts facts={Object.entries(log.metadata).map(([title, value]) => ({ title, value }))} />
            </Card>
          ) : null}
        </div>
      </div>
    </div>
  );
}

function idFacts(id: string, log: RequestRecord | null, event: ChargeRecord | null, keyName: string): Fact[] {
  const facts: Fact[] = [{ title: 'Request', value: <CopiedId id={id} what="request id" /> }];
  if (log?.callerRequestId)
    facts.push({ title: 'Your id', value: <CopiedId id={log.callerRequestId} what="your id" /> });
  facts.push({ title: 'Key', value: keyName });
  facts.push({ title: 'Endpoint', value: log?.endpointId ?? event?.endpointId ?? '–' });
  if (event?.transactionId) facts.push({ title: 'Ledger transaction', value: event.transactionId });
  return facts;
}

function CopiedId({ id, what }: { id: string; what: string }) {
  return (
    <span className="flex items-center gap-1">
      <span className="min-w-0 font-mono text-[12.5px] [overflow-wrap:anywhere]">{id}</span>
      <CopyButton text={id} label={`Copy ${what}`} />
    </span>
  );
}
