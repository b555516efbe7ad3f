import { Agent, type Dispatcher, request } from 'undici';
import { readStream, readWhole } from './answer-reader.js';
import type { ClientOutcome, ClientRecord } from './client-record.js';
import { wordsOf } from './provider-marks.js';
import type { RequestPlan } from './request-plan.js';

export interface FaultClient {
  /** Sends one request and answers what became of it. Never rejects. */
  send(plan: RequestPlan, callerId: string): Promise<ClientRecord>;
  close(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** A client of both gateways, with connections of its own. */
export function createFaultClient(gatewayUrls: readonly string[]): FaultClient {
  const agent = new Agent({ connections: 128, keepAliveTimeout: 4_000, connectTimeout: 2_000 });
  return {
    async send(plan, callerId) {
      const startedAtMs = Date.now();
      const seen = await attempt(agent, gatewayUrls[plan.gateway] ?? '', plan, callerId);
      return { callerId, plan, startedAtMs, endedAtMs: Date.now(), ...seen };
    },
    close: () => agent.destroy(),
  };
}

type Seen = Omit<ClientRecord, 'callerId' | 'plan' | 'startedAtMs' | 'endedAtMs'>;

const UNREACHED: Seen = {
  outcome: 'unreached',
  status: null,
  requestId: null,
  errorCode: null,
  pieces: 0,
  costUsd: null,
};

async function attempt(agent: Agent, url: string, plan: RequestPlan, callerId: string): Promise<Seen> {
  const leaving = new AbortController();
  const timer =
    plan.leavesAfter !== null && !plan.isStream ? setTimeout(() => leaving.abort(), plan.leavesAfter) : undefined;
  try {
    const response = await request(url + pathOf(plan), {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(PATIENCE_MS)]),
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
      headers: { ...headersOf(plan), 'content-type': 'application/json', 'x-request-id': callerId },
      body: JSON.stringify(bodyOf(plan)),
    });
    return await read(response, plan, leaving.signal);
  } catch {
    return { ...UNREACHED, outcome: leaving.signal.aborted ? 'left' : 'unreached' };
  } finally {
    clearTimeout(timer);
  }
}

async function read(response: Dispatcher.ResponseData, plan: RequestPlan, leaving: AbortSignal): Promise<Seen> {
  const { statusCode: status, headers, body } = response;
  const base = { status, requestId: textOf(headers['x-request-id']), costUsd: textOf(headers['x-tollgate-cost-usd']) };
  const isStream = /event-stream/.test(textOf(headers['content-type']) ?? '');
  let text = '';
  let hasLeft = false;
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (!isStream || plan.leavesAfter === null || readStream(plan.door, text).events < plan.leavesAfter) continue;
      hasLeft = true;
      break;
    }
  } catch {
    // The connection broke: what arrived until then tells what the client has.
  }
  const seen = isStream ? readStream(plan.door, text) : readWhole(text);
  const { errorCode, pieces } = seen;
  const isLeft = hasLeft || leaving.aborted;
  return { ...base, errorCode, pieces, outcome: outcomeOf(status, seen.isWhole, errorCode, isLeft) };
}

/** Who saw the terminal event has the answer, whatever happened to the connection afterwards. */
function outcomeOf(status: number, isWhole: boolean, errorCode: string | null, hasLeft: boolean): ClientOutcome {
  if (status === 200 && isWhole) return 'whole';
  if (status !== 200 || errorCode !== null) return 'failed';
  return hasLeft ? 'left' : 'broken';
}

function pathOf({ door, model, isStream }: RequestPlan): string {
  switch (door) {
    case 'chat':
      return '/v1/chat/completions';
    case 'messages':
      return '/v1/messages';
    case 'gemini':
      return `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
  }
}

function headersOf({ door, key }: RequestPlan): Record<string, string> {
  switch (door) {
    case 'chat':
      return { authorization: `Bearer ${key.token}` };
    case 'messages':
      return { 'x-api-key': key.token, 'anthropic-version': '2023-06-01' };
    case 'gemini':
      return { 'x-goog-api-key': key.token };
  }
}

function bodyOf(plan: RequestPlan): object {
  const { door, model, isStream, maxTokens } = plan;
  const content = plan.prompt + wordsOf(plan.mark);
  switch (door) {
    case 'chat':
      return { model, messages: [{ role: 'user', content }], max_tokens: maxTokens, stream: isStream };
    case 'messages':
      return { model, messages: [{ role: 'user', content }], max_tokens: maxTokens, stream: isStream };
    case 'gemini':
      return {
        contents: [{ role: 'user', parts: [{ text: content }] }],
        generationConfig: { maxOutputTokens: maxTokens },
      };
  }
}

function textOf(header: string | string[] | undefined): string | null {
  return header === undefined ? null : String(header);
}
