import { classNames } from './class-names';

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classNames('animate-pulse rounded-md bg-sunken', className)} />;
}

/** A page that is on its way: a heading, tiles, and a block, announced once. */
export function PageSkeleton({ tiles = 0 }: { tiles?: number }) {
  return (
    <div role="status" aria-label="Loading" className="grid gap-6">
      <Skeleton className="h-7 w-40" />
      {tiles > 0 ? (
        <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
          {Array.from({ length: tiles }, (_, index) => `tile ${index}`).map((key) => (
            <Skeleton key={key} className="h-24" />
          ))}
        </div>
      ) : null}
      <Skeleton className="h-80" />
    </div>
  );
}
