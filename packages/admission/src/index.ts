export * from './admission.js';
export { admissionRedisOptions, connectAdmissionRedis } from './admission-redis.js';
export * from './audit.js';
export { createAdmission } from './create-admission.js';
export { SHARD_COUNT, shardOf } from './keys.js';
export type { ArmedScope, LoadOrganization, OrganizationSnapshot } from './organization-loader.js';
export { type PostedSettlement, tellPosted } from './tell-posted.js';
export {
  type StreamEntry,
  type StreamLag,
  type UsageStreams,
  type UsageStreamsOptions,
  usageStreams,
} from './usage-streams.js';
