import type { ClientRequest, Lane, LaneTarget, Operation } from '../lane.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { openOperation } from './open-operation.js';
import type { OperationDoor } from './operation-door.js';

export function laneTarget(more: Partial<LaneTarget> = {}): LaneTarget {
  return {
    dialect: 'embeddings',
    host: 'direct',
    model: 'vendor-model',
    publicModel: 'author/model',
    provider: 'openai',
    providerName: 'OpenAI',
    quirks: NO_QUIRKS,
    outputMax: null,
    safetyIdentifier: null,
    requestId: 'r1',
    created: 1_700_000_000,
    ...more,
  };
}

export function opened(door: OperationDoor, body: unknown): ClientRequest {
  const result = openOperation(door, Buffer.from(JSON.stringify(body)), 'application/json');
  if (!result.ok) throw new Error(`${result.failure.param}: ${result.failure.message}`);
  return result.value;
}

/** The refusal of a body: its code and the member it names. */
export function refusalOf(door: OperationDoor, body: unknown): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = openOperation(door, Buffer.from(text), 'application/json');
  return result.ok ? 'accepted' : `${result.failure.code} ${result.failure.param}`;
}

const DIALECTS: Readonly<Partial<Record<Operation, string>>> = {
  embeddings: 'embeddings',
  moderation: 'moderations',
  rerank: 'rerank',
  image: 'images',
  speech: 'audio',
  transcription: 'audio',
  completions: 'completions',
};

export function laneOf(request: ClientRequest, more: Partial<LaneTarget> = {}): Lane {
  const dialect = DIALECTS[request.envelope.operation] ?? 'openai-chat';
  const lane = request.lane(laneTarget({ dialect, ...more }));
  if (!lane.ok) throw new Error(`${lane.failure.param}: ${lane.failure.message}`);
  return lane.value;
}

/** A whole answer read and rendered at a cost of $0.25. */
export function answered(lane: Lane, answer: unknown, headers: Readonly<Record<string, string>> = {}) {
  const body = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
  const read = lane.readWhole(body, headers);
  if (read.kind !== 'reply') throw new Error(JSON.stringify(read));
  const { reply } = read;
  const counted = reply.counted?.() ?? {};
  const rendered = reply.render({ usage: reply.usage ?? counted, cost: '0.25' });
  return { usage: reply.usage, counted, isEmpty: reply.isEmpty, ...rendered };
}

export function json(body: Buffer): Record<string, unknown> {
  return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
}

export const BOUNDARY = 'x-boundary-x';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A form as clients write it: texts, and files by name and bytes. */
export function formOf(
  fields: readonly (readonly [name: string, value: string | { name: string; type: string; bytes: Buffer }])[],
): Buffer {
  const parts = fields.flatMap(([name, value]) => {
    const file = typeof value === 'string' ? '' : `; filename="${value.name}"\r\nContent-Type: ${value.type}`;
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), typeof value === 'string' ? Buffer.from(value) : value.bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** Silence: 16 bits, mono. */
export function wavOf(seconds: number, rate = 8_000, claimed?: number): Buffer {
  const bytes = Math.round(seconds * rate) * 2;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(claimed ?? bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}
