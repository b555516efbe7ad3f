import { FlaskConical } from 'lucide-react';
import { config } from '../../config';

/** Said on every page while it is true: nobody may take a pretend answer for a real one. */
export function SandboxBanner() {
  if (!config().isProviderSandboxed) return null;
  return (
    <section
      aria-label="Sandbox"
      className="flex items-center justify-center gap-2 border-b border-warning-line bg-warning-soft px-4 py-1.5 text-center text-[13px] text-warning"
    >
      <FlaskConical className="size-4 shrink-0" aria-hidden />
      <p>Answers come from the sandbox: no provider key is set.</p>
    </section>
  );
}
