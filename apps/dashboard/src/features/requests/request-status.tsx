import type { RequestSummary } from '@tollgate/usage';
import { Badge } from '../../ui/badge';

type StatusParts = Pick<RequestSummary, 'status' | 'isError' | 'ending' | 'errorCode'>;

const ENDINGS: Readonly<Record<RequestSummary['ending'], string>> = {
  finished: 'Finished',
  client_left: 'Client left',
  provider_died: 'Provider died',
  refused: 'Refused',
  crashed: 'Gateway failed',
  expired: 'Expired',
};

/** How a request ended, in two words; the HTTP status stands beside it. */
export function endingTitle({ ending }: Pick<StatusParts, 'ending'>): string {
  return ENDINGS[ending];
}

export function RequestStatus(request: StatusParts) {
  const tone = request.isError ? 'danger' : request.ending === 'finished' ? 'success' : 'warning';
  const title = request.errorCode ?? endingTitle(request);
  return (
    <Badge tone={tone}>
      {request.status}
      <span className="hidden max-w-40 truncate font-normal sm:inline">{title}</span>
    </Badge>
  );
}
