import { classNames } from './class-names';
import { CopyButton } from './copy-button';

interface CodeProps {
  readonly code: string;
  readonly label: string;
}

/** Code that can be copied and scrolled, never wrapped: a wrapped shell line is a broken one. */
export function CodeBlock({ code, label }: CodeProps) {
  return (
    <div className="relative min-w-0 rounded-md border border-line bg-sunken">
      <CodeText code={code} label={label} className="pr-12" />
      <div className="absolute right-1.5 top-1.5 rounded-md bg-sunken">
        <CopyButton text={code} label={`Copy ${label}`} />
      </div>
    </div>
  );
}

/** The scrolling part alone, for a frame of one's own. */
export function CodeText({ code, label, className }: CodeProps & { readonly className?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section tabIndex={0} aria-label={label} className={classNames('overflow-x-auto rounded-md p-3.5', className)}>
      <pre className="font-mono text-[12.5px] leading-relaxed text-text">{code}</pre>
    </section>
  );
}
