import { EmptyState } from '../../ui/empty-state';

/** A page the visitor's role may not read. */
export function NotAllowed() {
  return (
    <EmptyState isPage title="Your role does not include this page">
      <p>Ask an owner of the organisation for access.</p>
    </EmptyState>
  );
}
