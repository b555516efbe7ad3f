export interface Snippet {
  readonly id: 'curl' | 'python' | 'node';
  readonly title: string;
  readonly code: string;
}

export interface SnippetParts {
  /** without a trailing slash; "/v1" is added here */
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly model: string;
}

/** The same first request three ways: the official SDKs, unchanged but for the base URL. */
export function snippets({ gatewayUrl, apiKey, model }: SnippetParts): readonly Snippet[] {
  const baseUrl = `${gatewayUrl}/v1`;
  return [
    {
      id: 'curl',
      title: 'curl',
      code: `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer ${apiKey}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Say hello in five words."}]
  }'`,
    },
    {
      id: 'python',
      title: 'Python',
      code: `from openai import OpenAI

client = OpenAI(
    base_url="${baseUrl}",
    api_key="${apiKey}",
)

answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Say hello in five words."}],
)
print(answer.choices[0].message.content)`,
    },
    {
      id: 'node',
      title: 'Node',
      code: `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${baseUrl}',
  apiKey: '${apiKey}',
});

const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Say hello in five words.' }],
});
console.log(answer.choices[0].message.content);`,
    },
  ];
}

/** A small, cheap, widely known model: the first request should cost next to nothing. */
export const FIRST_MODEL = 'openai/gpt-4o-mini';
