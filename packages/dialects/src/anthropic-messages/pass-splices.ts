/** The only edits ever made where client and provider both speak this dialect. All other bytes are kept: unknown fields, pings, padding. */
export const SPLICES = [
  { side: 'request', name: 'model', what: 'the value is replaced', why: 'the provider knows the model by its own id' },
  {
    side: 'request',
    name: 'max_tokens',
    what: 'a larger value is lowered; inserted where there is none',
    why: 'the answer must fit what was held for it',
  },
  {
    side: 'request',
    name: 'thinking.budget_tokens',
    what: 'lowered below a maximum that was lowered; thinking is removed where there is no room for any',
    why: 'the provider answers 400 to a budget that is not below the maximum',
  },
  {
    side: 'request',
    name: 'metadata.user_id',
    what: 'the value is replaced or inserted',
    why: 'the provider sees a hash of our own, never the tenant’s name for its user',
  },
  {
    side: 'request',
    name: 'thinking of other vendors',
    what: 'thinking blocks without this vendor’s own signature are removed, and a message that has nothing else',
    why: 'the provider answers 400 to a signature it did not make (T01, T02)',
  },
  {
    side: 'request',
    name: 'citations of other vendors',
    what: 'citations that we made up for another vendor’s answer are removed from their text block',
    why: 'the provider checks encrypted_index',
  },
  {
    side: 'request',
    name: 'rejected fields',
    what: 'top-level members that the provider rejects are removed and named as losses',
    why: 'one of them would refuse the whole request',
  },
  {
    side: 'request',
    name: 'routing fields',
    what: 'models, fallbacks, route and provider are removed',
    why: 'the gateway obeys them itself, and the provider answers 400 to them',
  },
  {
    side: 'request',
    name: 'host members',
    what: 'anthropic_version and anthropic_beta are removed; what may be announced goes into the header',
    why: 'they are how Vertex and Bedrock are told, and a 400 at Anthropic itself',
  },
  { side: 'reply', name: 'id', what: 'the value is replaced', why: 'it is the id of our receipt' },
  {
    side: 'reply',
    name: 'model',
    what: 'the value is replaced',
    why: 'the caller asked for a model by our name',
  },
  {
    side: 'reply',
    name: 'usage.cost',
    what: 'inserted, in a stream into the last message_delta, which waits for it; a whole answer without usage gets our count',
    why: 'what the caller pays',
  },
  {
    side: 'reply',
    name: 'message_stop',
    what: 'held back until the answer is settled',
    why: 'a stream is whole only then',
  },
  {
    side: 'reply',
    name: 'error events',
    what: 'never written; the gateway’s own error event stands for them',
    why: 'it says what was charged, and a retry must leave no trace',
  },
  { side: 'reply', name: 'byte order mark', what: 'removed at the start', why: 'not every client skips it' },
  { side: 'reply', name: 'data lines', what: 'several of one event become one', why: 'many clients read only one' },
] as const;
