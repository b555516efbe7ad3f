import type { ClientDialectId } from '@tollgate/dialects';
import { aiSdkAnthropic, aiSdkChat, aiSdkCompatible, aiSdkGoogle, aiSdkOpenRouter, aiSdkResponses } from './ai-sdk.js';
import { anthropic, anthropicZero } from './anthropic.js';
import { google } from './google.js';
import { type Judge, type Judgement, judgementOf, type WrittenAnswer } from './judge.js';
import { openaiChat, openaiResponses, openaiResponsesEvents } from './openai.js';
import { openrouterChat, openrouterResponses } from './openrouter.js';

/** Who reads a dialect for a living. */
export const JUDGES: Readonly<Record<ClientDialectId, readonly Judge[]>> = {
  'openai-chat': [openaiChat, openrouterChat, aiSdkChat, aiSdkCompatible, aiSdkOpenRouter],
  'openai-responses': [openaiResponses, openaiResponsesEvents, openrouterResponses, aiSdkResponses],
  'anthropic-messages': [anthropic, anthropicZero, aiSdkAnthropic],
  gemini: [google, aiSdkGoogle],
};

/** What each vendor's reader makes of an answer, one after another: some of them share a `fetch`. */
export async function judge(client: ClientDialectId, written: WrittenAnswer): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = [];
  for (const one of JUDGES[client]) if (one.reads?.(written) ?? true) judgements.push(await judgementOf(one, written));
  return judgements;
}
