const NAME = /^(\d{13,16})-(\d{6})-([A-Za-z0-9:._-]{1,120})\.spool(\.replayed|\.damaged)?$/;

/** One file of the spool. A run writes segment 0, 1, 2 …, only ever the last. */
export interface SegmentName {
  readonly file: string;
  readonly createdAtMs: number;
  readonly index: number;
  readonly boot: string;
  /** open: records may have to be replayed. replayed: all of them are in the ledger. damaged: needs a person. */
  readonly state: 'open' | 'replayed' | 'damaged';
}

export function segmentFile({
  createdAtMs,
  index,
  boot,
}: {
  createdAtMs: number;
  index: number;
  boot: string;
}): string {
  return `${createdAtMs.toString().padStart(13, '0')}-${index.toString().padStart(6, '0')}-${boot}.spool`;
}

/** Null for a file that is not a segment. */
export function parseSegmentFile(file: string): SegmentName | null {
  const match = NAME.exec(file);
  if (!match) return null;
  const [, createdAt = '', index = '', boot = '', suffix] = match;
  const state = suffix === '.replayed' ? 'replayed' : suffix === '.damaged' ? 'damaged' : 'open';
  return { file, createdAtMs: Number(createdAt), index: Number(index), boot, state };
}
