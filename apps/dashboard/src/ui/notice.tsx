import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names';

type NoticeTone = 'info' | 'success' | 'warning' | 'danger';

const TONES: Record<NoticeTone, { look: string; Icon: typeof Info }> = {
  info: { look: 'border-line bg-sunken text-text', Icon: Info },
  success: { look: 'border-success-line bg-success-soft text-success', Icon: CircleCheck },
  warning: { look: 'border-warning-line bg-warning-soft text-warning', Icon: TriangleAlert },
  danger: { look: 'border-danger-line bg-danger-soft text-danger', Icon: CircleAlert },
};

interface NoticeProps {
  readonly tone?: NoticeTone;
  readonly children: ReactNode;
  readonly className?: string;
  /** alert: read out at once; status: when the reader pauses; none: part of the page */
  readonly role?: 'alert' | 'status';
}

export function Notice({ tone = 'info', children, className, role }: NoticeProps) {
  const { look, Icon } = TONES[tone];
  return (
    <div
      role={role}
      className={classNames('flex items-start gap-2.5 rounded-md border px-3 py-2.5 text-[13px]', look, className)}
    >
      <Icon className="mt-px size-4 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">{children}</div>
    </div>
  );
}
