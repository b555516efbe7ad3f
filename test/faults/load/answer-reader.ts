import type { Door } from './request-plan.js';

/** What a client knows of an answer from its bytes alone. */
export interface AnswerSeen {
  readonly isWhole: boolean;
  readonly errorCode: string | null;
  readonly pieces: number;
  readonly events: number;
}

const TERMINAL: Readonly<Record<Door, RegExp>> = {
  chat: /^data: \[DONE\]$/m,
  messages: /^event: message_stop$/m,
  gemini: /"finishReason"/,
};

const PIECE: Readonly<Record<Door, RegExp>> = {
  chat: /"content":"(?!")/g,
  messages: /"text_delta","text":"(?!")/g,
  gemini: /"text":"(?!")/g,
};

function errorCodeOf(text: string): string | null {
  if (!/"error"\s*:\s*\{/.test(text)) return null;
  return /"code"\s*:\s*"([a-z_]+)"/.exec(text)?.[1] ?? /"type"\s*:\s*"([a-z_]+)"/.exec(text)?.[1] ?? 'error';
}

/** Reads what has arrived of a stream of server-sent events. */
export function readStream(door: Door, text: string): AnswerSeen {
  const errorCode = errorCodeOf(text);
  return {
    isWhole: errorCode === null && TERMINAL[door].test(text),
    errorCode,
    pieces: text.match(PIECE[door])?.length ?? 0,
    events: text.match(/^data: /gm)?.length ?? 0,
  };
}

/** Reads a body that arrived to its end. */
export function readWhole(text: string): AnswerSeen {
  const errorCode = errorCodeOf(text);
  try {
    JSON.parse(text);
    return { isWhole: errorCode === null, errorCode, pieces: 0, events: 0 };
  } catch {
    return { isWhole: false, errorCode, pieces: 0, events: 0 };
  }
}
