import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The process a run of the gateway writes its segments from. */
export interface SpoolOwner {
  readonly boot: string;
  readonly pid: number;
  /** when the kernel started the process; null where the system does not tell. A process id alone comes back to somebody else. */
  readonly startTicks: string | null;
}

export function currentOwner(boot: string): SpoolOwner {
  return { boot, pid: process.pid, startTicks: startTicksOf(process.pid) };
}

export function ownerFile(directory: string, boot: string): string {
  return path.join(directory, `${boot}.owner`);
}

/** The owner of a run's segments; null when its file is missing or unreadable. */
export function readOwner(directory: string, boot: string): SpoolOwner | null {
  try {
    const value: unknown = JSON.parse(readFileSync(ownerFile(directory, boot), 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    const startTicks = 'startTicks' in value && typeof value.startTicks === 'string' ? value.startTicks : null;
    return { boot, pid: value.pid, startTicks };
  } catch {
    return null;
  }
}

/** Whether the very process is still there. `kill -9` leaves the owner's file behind and takes the process away. */
export function isOwnerAlive(owner: SpoolOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const ticks = startTicksOf(owner.pid);
  return owner.startTicks === null || ticks === null || ticks === owner.startTicks;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may contain spaces and brackets, so the count starts behind its last one. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
