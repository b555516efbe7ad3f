/** How many shards organisations are spread over. Changing it strands every key: it is part of the format of Redis. */
export const SHARD_COUNT = 64;

/** All keys of one organisation and of its usage stream share one hash tag, so that one script may touch them on a cluster. */
export interface OrganizationKeys {
  /** hash: place, epoch, status, auth, sequence, posted, open, available, left:<scope> / limit:<scope> of each armed scope, busy:<rule> of each concurrency limit */
  readonly organization: string;
  /** hash: request id → "amount|gateway boot|scopes|slots|rates|meta"; '#place' → the life of Redis they were written in */
  readonly holds: string;
  /** hash: holds of an epoch that is gone, kept for the sweeper */
  readonly orphans: string;
  /** counter: raised by whatever makes a snapshot of the ledger out of date while a load is under way */
  readonly news: string;
  /** zset of the shard: "organisation|request id" by expiry, milliseconds */
  readonly expiry: string;
  /** the generation of the shard: it vanishes with the data, so its absence says that the data is gone */
  readonly generation: string;
  /** "place|milliseconds": when this life of Redis was first seen on this shard */
  readonly firstSeen: string;
  readonly stream: string;
  /** hash: rule → "level|milliseconds" */
  readonly rates: string;
  /** prefix of the markers: request or credit id → "epoch|amount|confirmations" */
  readonly donePrefix: string;
  /** prefix of the claims: hash of an Idempotency-Key → "running or done|hash of the body|request id" */
  readonly claimPrefix: string;
}

/** The shard of an organisation (FNV-1a of its id): stable for ever, because its keys and its stream live there. */
export function shardOf(organizationId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < organizationId.length; at += 1) {
    hash = Math.imul(hash ^ organizationId.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 16) % SHARD_COUNT;
}

export function shardTag(shard: number): string {
  return `{s${shard.toString().padStart(2, '0')}}`;
}

export function expiryKey(shard: number): string {
  return `${shardTag(shard)}:due`;
}

export function generationKey(shard: number): string {
  return `${shardTag(shard)}:gen`;
}

export function firstSeenKey(shard: number): string {
  return `${shardTag(shard)}:seen`;
}

export function streamKey(shard: number): string {
  return `${shardTag(shard)}:usage`;
}

export function organizationKeys(organizationId: string): OrganizationKeys {
  const shard = shardOf(organizationId);
  const tag = shardTag(shard);
  return {
    organization: `${tag}:org:${organizationId}`,
    holds: `${tag}:held:${organizationId}`,
    orphans: `${tag}:lost:${organizationId}`,
    news: `${tag}:news:${organizationId}`,
    expiry: expiryKey(shard),
    generation: generationKey(shard),
    firstSeen: firstSeenKey(shard),
    stream: streamKey(shard),
    rates: `${tag}:rate:${organizationId}`,
    donePrefix: `${tag}:done:`,
    claimPrefix: `${tag}:idem:`,
  };
}
