import { checked } from './constraint.js';
import {
  blockMembers,
  type ConverseBlock,
  type ConverseMessage,
  type ConverseRequest,
  converseRequest,
} from './converse-wire.js';
import { type BedrockError, validationError } from './errors.js';
import { modelLimits } from './models.js';

/** A request as Bedrock accepts it, or the error Bedrock answers. */
export type Validated = { readonly kind: 'valid'; readonly request: ConverseRequest } | BedrockError;

/** Checks a parsed body the way Converse does: the web framework's constraints first, then the service's rules, then the model's. */
export function validateConverse(model: string, body: unknown, isStream: boolean): Validated {
  const shape = checked(converseRequest, body);
  if (shape.kind === 'error') return shape;
  const { request } = shape;
  const messages = request.messages ?? [];
  return (
    turnErrors(messages) ??
    firstError(messages, messageError) ??
    systemErrors(request) ??
    toolErrors(request) ??
    pairingErrors(messages) ??
    documentErrors(messages) ??
    modelLimits(model, request, isStream) ?? { kind: 'valid', request }
  );
}

function firstError<Item>(
  items: readonly Item[],
  check: (item: Item, index: number) => BedrockError | null,
): BedrockError | null {
  for (const [index, item] of items.entries()) {
    const error = check(item, index);
    if (error !== null) return error;
  }
  return null;
}

function turnErrors(messages: readonly ConverseMessage[]): BedrockError | null {
  const again = 'Try again with a conversation that starts with a user message.';
  if (messages.length === 0 || messages[0]?.role !== 'user')
    return validationError(`A conversation must start with a user message. ${again}`);
  const repeats = messages.some((message, index) => index > 0 && messages[index - 1]?.role === message.role);
  return repeats
    ? validationError(
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant ' +
          'roles and try again.',
      )
    : null;
}

function messageError(message: ConverseMessage, index: number): BedrockError | null {
  if (message.content.length === 0)
    return validationError(
      `The content field in the Message object at messages.${index} is empty. Add a ContentBlock object to the content field and try again.`,
    );
  const blank = message.content.findIndex((block) => block.text?.trim() === '');
  if (blank >= 0 && message.content.every((block) => (block.text ?? '').trim() === ''))
    return blankText(`messages.${index}.content.${blank}`);
  return firstError(message.content, (block, at) => blockError(block, message.role, `messages.${index}.content.${at}`));
}

/** Empty text is always refused, white space where a message has nothing else to say (beside words it was seen to pass). */
function blankText(path: string): BedrockError {
  return validationError(
    `The text field in the ContentBlock object at ${path} is blank. Add text to the text field, and try again.`,
  );
}

const onlyFrom: Readonly<Record<ConverseMessage['role'], readonly string[]>> = {
  user: ['image', 'document', 'video', 'audio', 'guardContent', 'searchResult'],
  assistant: ['toolUse', 'reasoningContent', 'citationsContent'],
};

function blockError(block: ConverseBlock, role: ConverseMessage['role'], path: string): BedrockError | null {
  const members = blockMembers.filter((name) => block[name] !== undefined);
  const [member] = members;
  if (member === undefined)
    return validationError(
      `ContentBlock object at ${path} must set one of the following keys: ${blockMembers.join(', ')}.`,
    );
  if (members.length > 1)
    return validationError(`ContentBlock object at ${path} must set only one of its keys: ${members.join(', ')}.`);
  const other = role === 'user' ? 'assistant' : 'user';
  if (onlyFrom[other].includes(member))
    return validationError(`The ${member} content block at ${path} is not allowed in a message of the ${role} role.`);
  if (block.text === '') return blankText(path);
  if (block.toolUse !== undefined && !isObject(block.toolUse.input))
    return validationError(
      `The format of the value at ${path}.toolUse.input is invalid. Provide a json object for the field and try again.`,
    );
  return resultError(block, path);
}

function resultError({ toolResult }: ConverseBlock, path: string): BedrockError | null {
  if (toolResult === undefined) return null;
  if (toolResult.content.length === 0 && toolResult.status === 'error')
    return validationError(`The content field at ${path}.toolResult cannot be empty when status value is error.`);
  return firstError(toolResult.content, (item, at) => {
    if (item.json !== undefined && !isObject(item.json))
      return validationError(
        `The format of the value at ${path}.toolResult.content.${at}.json is invalid. Provide a json object for the field and try again.`,
      );
    return null;
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function systemErrors({ system }: ConverseRequest): BedrockError | null {
  return firstError(system ?? [], (block, index) =>
    block.text !== undefined && block.text.trim() === ''
      ? validationError(
          `The text field in the SystemContentBlock object at system.${index} is blank. Add text to the text field, and try again.`,
        )
      : null,
  );
}

function toolErrors({ toolConfig, messages }: ConverseRequest): BedrockError | null {
  if (toolConfig === undefined) {
    const hasToolBlocks = messages?.some(({ content }) =>
      content.some((block) => block.toolUse !== undefined || block.toolResult !== undefined),
    );
    return hasToolBlocks === true
      ? validationError('The toolConfig field must be defined when using toolUse and toolResult content blocks.')
      : null;
  }
  const names = toolConfig.tools.flatMap((tool) => tool.toolSpec?.name ?? tool.systemTool?.name ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    return validationError(`The tool ${twice} is already defined at toolConfig.tools.${names.indexOf(twice)}.`);
  const forced = toolConfig.toolChoice?.tool?.name;
  if (forced !== undefined && !names.includes(forced))
    return validationError(`The tool choice ${forced} does not match any tool in toolConfig.tools.`);
  return firstError(toolConfig.tools, (tool, index) => {
    const schema = tool.toolSpec?.inputSchema.json;
    const type = isObject(schema) ? Reflect.get(Object(schema), 'type') : undefined;
    return tool.toolSpec !== undefined && type !== 'object'
      ? validationError(
          `The value at toolConfig.tools.${index}.toolSpec.inputSchema.json.type must be one of the following: object.`,
        )
      : null;
  });
}

/** Each call is answered in the very next message, by its id, once; results of the vendor's own tools stand beside their calls. */
function pairingErrors(messages: readonly ConverseMessage[]): BedrockError | null {
  let awaited: readonly string[] = [];
  for (const [index, message] of messages.entries()) {
    const error = message.role === 'user' ? answersError(message, awaited, index) : null;
    if (error !== null) return error;
    const answered = new Set(message.content.map((block) => block.toolResult?.toolUseId));
    const called = message.content.flatMap((block) => block.toolUse?.toolUseId ?? []);
    const twice = called.find((id, at) => called.indexOf(id) !== at);
    if (twice !== undefined)
      return validationError(`The toolUse blocks at messages.${index}.content contain duplicate Ids: ${twice}`);
    awaited = called.filter((id) => !answered.has(id));
  }
  return awaited.length > 0
    ? validationError(
        `Expected toolResult blocks at messages.${messages.length}.content for the following Ids: ${awaited.join(', ')}`,
      )
    : null;
}

function answersError(message: ConverseMessage, awaited: readonly string[], index: number): BedrockError | null {
  const answered = message.content.flatMap((block) => block.toolResult?.toolUseId ?? []);
  const twice = answered.find((id, at) => answered.indexOf(id) !== at);
  if (twice !== undefined)
    return validationError(`The toolResult blocks at messages.${index}.content contain duplicate Ids: ${twice}`);
  if (answered.length > awaited.length)
    return validationError(
      `The number of toolResult blocks at messages.${index}.content exceeds the number of toolUse blocks of previous turn.`,
    );
  const missing = awaited.filter((id) => !answered.includes(id));
  return missing.length > 0
    ? validationError(
        `Expected toolResult blocks at messages.${index}.content for the following Ids: ${missing.join(', ')}`,
      )
    : null;
}

const mostDocuments = 5;

function documentErrors(messages: readonly ConverseMessage[]): BedrockError | null {
  const names = messages.flatMap(({ content }) => content.flatMap((block) => block.document?.name ?? []));
  if (new Set(names).size !== names.length) return validationError("Messages can't contain duplicate document names.");
  const badName = names.some((name) => !/^[a-zA-Z0-9()[\]\- ]+$/.test(name.replace(/\s/g, ' ')) || /\s{2}/.test(name));
  if (badName)
    return validationError(
      'The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. ' +
        "The name can't contain more than one consecutive whitespace character.",
    );
  if (names.length > mostDocuments)
    return validationError(`You can't include more than ${mostDocuments} documents in a request.`);
  const isBare = messages.some(
    ({ content }) =>
      content.some((block) => block.document !== undefined) && !content.some((block) => block.text !== undefined),
  );
  return isBare
    ? validationError('A text block must be included when using documents. Add a text block and retry your request.')
    : null;
}
