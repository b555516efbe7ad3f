import { ArrowLeft } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { EndpointPrices } from '../../../../features/models/endpoint-prices';
import { knownCapabilities, modelFacts } from '../../../../features/models/model-facts';
import { ModelExample } from '../../../../features/quick-start/model-example';
import { catalog } from '../../../../server/catalog';
import { requireVisitor } from '../../../../server/session';
import { Badge } from '../../../../ui/badge';
import { Card } from '../../../../ui/card';
import { CopyButton } from '../../../../ui/copy-button';
import { Facts } from '../../../../ui/facts';
import { PageHeading } from '../../../../ui/page-heading';

export const metadata: Metadata = { title: 'Model' };

export default async function ModelPage({ params }: { params: Promise<{ id: string[] }> }) {
  const visitor = await requireVisitor();
  const { id } = await params;
  const wanted = id.map(decodePart).join('/');
  const { models } = await catalog();
  const model = models.find((candidate) => candidate.id === wanted);
  if (!model) notFound();
  const nowMs = Date.now();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <Link
        href="/models"
        prefetch={false}
        className="inline-flex w-fit items-center gap-1.5 rounded text-[13px] text-muted hover:text-text"
      >
        <ArrowLeft className="size-4" aria-hidden />
        Models
      </Link>
      <PageHeading title={model.name}>{model.description}</PageHeading>
      <p className="-mt-3 flex flex-wrap items-center gap-1.5">
        <span className="font-mono text-[13px] [overflow-wrap:anywhere]">{model.id}</span>
        <CopyButton text={model.id} label="Copy model id" />
        {knownCapabilities(model).map((title) => (
          <Badge key={title}>{title}</Badge>
        ))}
      </p>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="grid min-w-0 gap-4">
          {model.endpoints.map((endpoint) => (
            <EndpointPrices
              key={endpoint.id}
              endpoint={endpoint}
              markupBp={visitor.organization.markupBp}
              nowMs={nowMs}
            />
          ))}
        </div>
        <div className="grid min-w-0 gap-4">
          <Card title="Facts">
            <Facts facts={modelFacts(model)} />
          </Card>
          <Card title="Use it">
            <ModelExample id={model.id} operation={model.operation} />
          </Card>
        </div>
      </div>
    </div>
  );
}

/** A broken escape is no model's name. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
