import type { PostedEvent, UsageEvent } from '@tollgate/usage';

/**
 * Whether a delivery is the same as what stands in the ledger: organisation, key, charge and cost. Two different requests under one
 * id must never be, and one of them would be free.
 */
export function isSameContent(event: UsageEvent, stored: PostedEvent | undefined): boolean {
  return (
    stored !== undefined &&
    stored.organizationId === event.organizationId &&
    stored.keyId === event.keyId &&
    stored.chargeNanousd === event.chargeNanousd &&
    stored.costNanousd === event.costNanousd
  );
}
