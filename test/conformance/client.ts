/** Tokens as the SDK tells them: everything sent (cached or not) and everything made (thinking included). */
export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface Answer {
  readonly text: string;
  /** Why it ended, in the SDK's own word. */
  readonly finish: string | null | undefined;
  readonly usage: Usage;
}

export interface StreamedAnswer extends Answer {
  /** The pieces of text in the order they came; `text` is what the SDK itself made of them, or their sum where it does not. */
  readonly deltas: readonly string[];
}

export interface ToolCall {
  readonly name: string;
  readonly args: unknown;
}

export interface ToolLoop {
  /** The calls of each turn; turns that called nothing are left out. */
  readonly turns: readonly (readonly ToolCall[])[];
  /** The text of the last turn. */
  readonly text: string;
}

/** An SDK with a key, doing what its users do with it. */
export interface ConnectedClient {
  ask(model: string, prompt: string): Promise<Answer>;
  stream?(model: string, prompt: string): Promise<StreamedAnswer>;
  /** Leaves after a few pieces of a streamed answer. */
  leave?(model: string, prompt: string): Promise<void>;
  /** The conversation of tool-script.ts. */
  useTools?(model: string, isStreamed: boolean): Promise<ToolLoop>;
  /** An answer to the prompt in the form of structured.ts, parsed. */
  structured?(model: string, prompt: string): Promise<unknown>;
  /** A request that no model may accept. */
  askBadly?(model: string): Promise<unknown>;
}

/** Ways to fail that every SDK has to recognise. */
export type Fault = 'wrong key' | 'unknown model' | 'bad request' | 'no credit' | 'too many requests' | 'overloaded';

export interface ConformanceClient {
  readonly name: string;
  connect(key: string): ConnectedClient;
  /** The SDK's word for an answer that ended by itself. */
  readonly finished: string;
  /** The class of the error a fault is thrown as. */
  readonly errors: Readonly<Partial<Record<Fault, string>>>;
  /** It asks for structured answers by a tool that has to be called. */
  readonly schemasAreTools?: true;
  /** What it cannot do over these wires at any gateway, each with the reason where it is said. */
  readonly limits?: readonly ('usage of streams' | 'tools in streams')[];
  /** An endpoint that no other file uses: it is made to fail. */
  readonly faultyModel: string;
}
