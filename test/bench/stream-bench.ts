import type { RunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { startBareProxy } from './bare-proxy.js';
import { cpuMicroseconds, median, pin } from './cpu-time.js';
import type { LoadTarget, Subject } from './load.js';
import { runStreams } from './streams.js';

export interface StreamBenchOptions {
  readonly rounds: number;
  readonly streams: number;
  readonly paceMs: number;
  readonly tokens: number;
}

const WAYS = ['raw', 'passed', 'translated'] as const;
type Way = (typeof WAYS)[number];

export interface StreamBenchResult {
  /** CPU microseconds for one stream, round by round: of a proxy that only copies bytes, of the gateway in one dialect, of the gateway between two */
  readonly microseconds: Readonly<Record<Way, readonly number[]>>;
  readonly refused: number;
}

/** Pinned to one provider: every way gets the same answer at the same pace. */
const MODEL = 'openai:gpt-4o-mini';
const MESSAGES = [{ role: 'user', content: 'Tell me a long story about a toll gate.' }];

/**
 * The same paced answers three ways, in alternating rounds: copied by a bare proxy, through the gateway as they are, and through the gateway as
 * Anthropic's events. Only ratios mean anything on a shared machine.
 */
export async function streamBench(run: RunFile, options: StreamBenchOptions): Promise<StreamBenchResult> {
  const gatewayPid = run.pids.gateway;
  if (gatewayPid === undefined) throw new Error('the run file names no gateway');
  const bare = await startBareProxy(run.urls.sandbox);
  pin(bare.pid, 0);
  const subjects = {
    raw: { pid: bare.pid, target: target(bare.origin, '/v1/chat/completions', 'bench', 'gpt-4o-mini', options.tokens) },
    passed: {
      pid: gatewayPid,
      target: target(run.urls.gateway, '/v1/chat/completions', run.demoKey, MODEL, options.tokens),
    },
    translated: {
      pid: gatewayPid,
      target: target(run.urls.gateway, '/v1/messages', run.demoKey, MODEL, options.tokens),
    },
  };
  const pace = { match: { provider: 'openai' }, action: { kind: 'pace', ttftMs: 0, paceMs: options.paceMs } } as const;
  try {
    return await sandboxControl(run.urls.sandbox).withRule(pace, () => measure(subjects, options));
  } finally {
    bare.stop();
  }
}

async function measure(
  subjects: Readonly<Record<Way, Subject>>,
  { rounds, streams }: StreamBenchOptions,
): Promise<StreamBenchResult> {
  const microseconds: Record<Way, number[]> = { raw: [], passed: [], translated: [] };
  let refused = 0;
  // The first round is for the engine to compile what it will compile.
  for (let round = -1; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? WAYS : [...WAYS].reverse()) {
      const { pid, target: asked } = subjects[way];
      const before = cpuMicroseconds(pid);
      refused += await runStreams(asked, streams);
      if (round >= 0) microseconds[way].push((cpuMicroseconds(pid) - before) / streams);
    }
  }
  return { microseconds, refused };
}

/** Round by round, one way's CPU over another's. */
export function ratios({ microseconds }: StreamBenchResult, way: Way, over: Way): readonly number[] {
  return microseconds[way].map((value, index) => value / (microseconds[over][index] ?? Number.NaN));
}

export function streamLines(result: StreamBenchResult): readonly string[] {
  const figures = WAYS.map((way) => `${way} ${median(result.microseconds[way]).toFixed(0)} µs`).join(', ');
  const over = (way: Way, other: Way): string =>
    `${way} ÷ ${other}: median ${median(ratios(result, way, other)).toFixed(2)} (rounds ${ratios(result, way, other)
      .map((ratio) => ratio.toFixed(2))
      .join(' ')})`;
  return [
    `streams  CPU per stream: ${figures}; ${result.refused} refused`,
    `streams  ${over('translated', 'passed')}`,
    `streams  ${over('translated', 'raw')}`,
  ];
}

function target(origin: string, path: string, key: string, model: string, tokens: number): LoadTarget {
  return {
    origin,
    path,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, stream: true, max_tokens: tokens, messages: MESSAGES }),
  };
}
