/** What this process still needs before it should be sent requests. Postgres is not among it: inference goes on without. */
export class Readiness {
  private readonly needs = new Map<string, () => boolean>();
  private isDraining = false;

  need(name: string, isMet: () => boolean): void {
    this.needs.set(name, isMet);
  }

  /** From now on a load balancer should look elsewhere; what runs, finishes. */
  drain(): void {
    this.isDraining = true;
  }

  missing(): readonly string[] {
    const unmet = [...this.needs].filter(([, isMet]) => !isMet()).map(([name]) => name);
    return this.isDraining ? [...unmet, 'draining'] : unmet;
  }
}
