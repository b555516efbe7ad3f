import type { Incoming } from '../../attempt/incoming.js';
import type { Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import { planMessages } from '../anthropic/messages.js';
import { validateMessages } from '../anthropic/validate.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { serializationError } from './constraint.js';
import { type BedrockError, bedrockError, validationError } from './errors.js';
import { eventMessage } from './event-stream.js';
import { fieldOf, isOf } from './models.js';
import { requestHeaders } from './reply-headers.js';

const version = 'bedrock-2023-05-31';

/**
 * Answers InvokeModel and InvokeModelWithResponseStream for Claude: Anthropic's own body, with a version instead of model and stream, and
 * Anthropic's own events inside the event stream. Other models' bodies are not spoken here.
 */
export function planInvoke(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | BedrockError {
  const { json } = incoming;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return serializationError(null);
  if (!isOf(incoming.model ?? '', 'anthropic'))
    return validationError('The sandbox speaks InvokeModel for Anthropic models only; use Converse for this one.');
  const refused = bodyError(json);
  if (refused !== null) return refused;
  const {
    anthropic_version: _version,
    anthropic_beta: beta,
    ...rest
  } = Object.assign({ anthropic_version: null, anthropic_beta: null }, json);
  const body = { ...rest, model: anthropicName(incoming.model ?? ''), stream: incoming.isStream };
  const validated = validateMessages(body, { isBeta: Array.isArray(beta), checksSignatures: true });
  if (validated.kind === 'error') return bedrockError(400, 'ValidationException', validated.message);
  const plan = planMessages(incoming, validated.request, changes, world, `req_${world.newName(24)}`);
  return plan.framing === 'events' ? streamedPlan(plan, world) : wholePlan(plan, world);
}

function bodyError(body: object): BedrockError | null {
  const given: unknown = Reflect.get(body, 'anthropic_version');
  if (given === undefined) return validationError('anthropic_version: Field required');
  if (given !== version) return validationError(`anthropic_version: Input should be '${version}'`);
  const extra = ['model', 'stream'].find((name) => name in body);
  return extra === undefined ? null : validationError(`${extra}: Extra inputs are not permitted`);
}

/** `us.anthropic.claude-sonnet-4-20250514-v1:0` is Anthropic's `claude-sonnet-4-20250514`. */
function anthropicName(model: string): string {
  return model.replace(/^.*anthropic\./, '').replace(/-v\d+(:\d+)?$/, '');
}

/** Ids made on Bedrock say so. */
function withBedrockIds(payload: string): string {
  return payload.replace(/"(msg|toolu)_01/g, '"$1_bdrk_01');
}

function wholePlan(plan: ReplyPlan, world: DialectWorld): ReplyPlan {
  const frames = plan.frames.map((frame) => ({ ...frame, payload: withBedrockIds(frame.payload.toString()) }));
  const usage: unknown = fieldOf(JSON.parse(frames[0]?.payload ?? '{}'), 'usage');
  const headers = {
    ...requestHeaders(world),
    'content-type': 'application/json',
    'x-amzn-bedrock-invocation-latency': String(latencyMs(plan)),
    'x-amzn-bedrock-input-token-count': String(fieldOf(usage, 'input_tokens') ?? 0),
    'x-amzn-bedrock-output-token-count': String(fieldOf(usage, 'output_tokens') ?? 0),
  };
  return { ...plan, headers, frames };
}

function latencyMs(plan: ReplyPlan): number {
  return 50 + (plan.counts.completionTokens ?? 0) * 5;
}

function streamedPlan(plan: ReplyPlan, world: DialectWorld): ReplyPlan {
  const headers = {
    ...requestHeaders(world),
    'content-type': 'application/vnd.amazon.eventstream',
    'x-amzn-bedrock-content-type': 'application/json',
  };
  return { ...plan, headers, frames: plan.frames.flatMap((frame) => chunkOf(frame, plan)) };
}

/** One of Anthropic's events as a chunk. Pings are not passed on; the last event carries Bedrock's own measurements. */
function chunkOf(frame: Frame, plan: ReplyPlan): Frame[] {
  const data = /^data: (.*)$/m.exec(frame.payload.toString())?.[1] ?? '{}';
  const event: unknown = JSON.parse(withBedrockIds(data));
  const type = fieldOf(event, 'type');
  if (type === 'ping') return [];
  const metrics = {
    inputTokenCount: plan.counts.promptTokens,
    outputTokenCount: plan.counts.completionTokens,
    invocationLatency: latencyMs(plan),
    firstByteLatency: 50,
  };
  const full =
    type === 'message_stop' && plan.fault !== 'omit_usage'
      ? { ...Object(event), 'amazon-bedrock-invocationMetrics': metrics }
      : event;
  const bytes = Buffer.from(JSON.stringify(full)).toString('base64');
  return [
    { ...frame, payload: eventMessage('chunk', { bytes, p: 'abcdefghijklmnop'.slice(0, 1 + (bytes.length % 16)) }) },
  ];
}
