import { CopyButton } from './copy-button';

/** Code that can be copied and scrolled, never wrapped: a wrapped shell line is a broken one. */
export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className="relative min-w-0 rounded-md border border-line bg-sunken">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label} className="overflow-x-auto rounded-md p-3.5 pr-12">
        <pre className="font-mono text-[12.5px] leading-relaxed">{code}</pre>
      </section>
      <div className="absolute right-1.5 top-1.5 rounded-md bg-sunken">
        <CopyButton text={code} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
