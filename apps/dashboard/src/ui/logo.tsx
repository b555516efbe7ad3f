/** The mark: a post and a raised barrier. */
export function Logo() {
  return (
    <span className="inline-flex items-center gap-2 text-[15px] font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" className="size-6" aria-hidden>
        <rect width="32" height="32" rx="7" fill="var(--primary)" />
        <path d="M9 8v16" stroke="var(--on-primary)" strokeWidth="3" strokeLinecap="round" />
        <path d="M9 13 24 9" stroke="var(--chart-1)" strokeWidth="3" strokeLinecap="round" />
      </svg>
      Tollgate
    </span>
  );
}
