const VERSION_AT = 14;

/**
 * The id under which the settlement of a request stands that had been posted as expired before: the request's own, with UUID
 * version 8 in place of 7. So it is made of the request id alone (posted once, by the primary key), lies in the same partition,
 * and can never be the id of another request, since those are all of version 7.
 */
export function lateRequestId(requestId: string): string {
  return withVersion(requestId, '8');
}

/** The request a row of usage_event belongs to, late or not. */
export function requestIdOf(rowId: string): string {
  return rowId[VERSION_AT] === '8' ? withVersion(rowId, '7') : rowId;
}

function withVersion(id: string, version: string): string {
  return `${id.slice(0, VERSION_AT)}${version}${id.slice(VERSION_AT + 1)}`;
}
