import {
  ChatCompletionRequest$outboundSchema,
  ChatCompletionStreamRequest$outboundSchema,
} from '@mistralai/mistralai/models/components';

/** What Mistral's SDK would refuse to send of a request in its own camelCase; null: it would send it. */
export function mistralRefusal(request: Readonly<Record<string, unknown>>): string | null {
  const schema =
    request['stream'] === true ? ChatCompletionStreamRequest$outboundSchema : ChatCompletionRequest$outboundSchema;
  const { success, error } = schema.safeParse(request);
  return success ? null : String(error?.message).replace(/\s+/g, ' ');
}
