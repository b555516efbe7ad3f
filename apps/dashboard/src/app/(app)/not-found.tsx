import { ButtonLink } from '../../ui/button';
import { EmptyState } from '../../ui/empty-state';

export default function NotFoundHere() {
  return (
    <EmptyState isPage title="There is nothing at this address">
      <p className="mb-4">It may be another organisation&rsquo;s, or it is gone.</p>
      <ButtonLink href="/overview" look="primary">
        Go to the overview
      </ButtonLink>
    </EmptyState>
  );
}
