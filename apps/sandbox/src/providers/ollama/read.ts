import type { z } from 'zod';

/** An error as Ollama answers it: `{"error": "…"}`. */
export interface OllamaError {
  readonly kind: 'error';
  readonly status: number;
  readonly message: string;
}

/** The shape of an error. */
export function ollamaError(status: number, message: string): OllamaError {
  return { kind: 'error', status, message };
}

/** Go's names for what stands in a field, by the end of the field's path. */
const goTypes: Readonly<Record<string, string>> = {
  arguments: 'api.ToolCallFunctionArguments',
  images: 'api.ImageData',
  messages: '[]api.Message',
  tools: 'api.Tools',
  tool_calls: '[]api.ToolCall',
  parameters: 'api.ToolFunctionParameters',
  function: 'api.ToolFunction',
  options: 'map[string]interface {}',
  stream: 'bool',
  truncate: 'bool',
};

/** A body as the schema has it, or the complaint of Go's JSON decoder. */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  request: string,
): { readonly kind: 'valid'; readonly request: z.output<Schema> } | OllamaError {
  if (body === undefined) return ollamaError(400, 'unexpected EOF');
  const parsed = schema.safeParse(body);
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  const path = parsed.error.issues[0]?.path ?? [];
  const names = path.filter((key) => typeof key === 'string').map(String);
  const field = names.at(-1) ?? '';
  const given = goKind(path.reduce<unknown>((at, key) => Reflect.get(Object(at), key), body));
  if (names[0] === 'options')
    return ollamaError(400, `option "${field}" must be of type ${field === 'stop' ? 'array' : 'float32'}`);
  if (given === 'nothing') return ollamaError(400, `${field} is required`);
  const place = names.length > 0 ? `Go struct field ${request}.${names.join('.')}` : 'Go value';
  return ollamaError(400, `json: cannot unmarshal ${given} into ${place} of type ${goTypes[field] ?? 'string'}`);
}

function goKind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}
