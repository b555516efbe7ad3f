import { buildCatalog, type Catalog, type Model } from '@tollgate/catalog';
import type { MarkupRule } from '@tollgate/pricing';
import type { Logger } from '@tollgate/telemetry';

const REFRESH_MS = 5_000;

/**
 * The catalogue this process answers from. Loaded before listening, looked at again every few seconds; while Postgres is away the
 * last one stays. Swapped whole: a request sees one version from its first step to its last.
 */
export class CatalogSource {
  private catalog: Catalog = buildCatalog([]);
  private markup: readonly MarkupRule[] = [];
  private revision: string | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly stored: {
      readonly revision: () => Promise<string>;
      readonly load: () => Promise<readonly Model[]>;
      readonly houseMarkup: () => Promise<readonly MarkupRule[]>;
    },
    private readonly log: Logger,
  ) {}

  readonly current = (): Catalog => this.catalog;

  /** the house's rules of markup: never older than the catalogue */
  readonly houseMarkup = (): readonly MarkupRule[] => this.markup;

  get isLoaded(): boolean {
    return this.catalog.models.length > 0;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  private async refresh(): Promise<void> {
    try {
      const [revision, markup] = await Promise.all([this.stored.revision(), this.stored.houseMarkup()]);
      this.markup = markup;
      if (revision === this.revision) return;
      const next = buildCatalog(await this.stored.load());
      this.revision = revision;
      if (next.version === this.catalog.version) return;
      this.catalog = next;
      this.log.info({ version: next.version, models: next.models.length }, 'catalogue loaded');
    } catch (error) {
      this.log.warn({ error }, 'the catalogue could not be read; the last one stays');
    }
  }
}
