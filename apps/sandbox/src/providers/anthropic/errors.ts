/** What an Anthropic error says. The request id is added where it is sent. */
export interface AnthropicError {
  readonly kind: 'error';
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** An error of https://platform.claude.com/docs/en/api/errors. */
export function anthropicError(status: number, type: string, message: string): AnthropicError {
  return { kind: 'error', status, type, message };
}

/** A request Anthropic refuses with 400. */
export function invalidRequest(message: string): AnthropicError {
  return anthropicError(400, 'invalid_request_error', message);
}

/** The body of an error; an overloaded server answers before a request has an id. */
export function errorBody(error: AnthropicError, requestId: string | null): Record<string, unknown> {
  return {
    type: 'error',
    error: { type: error.type, message: error.message },
    ...(requestId === null ? {} : { request_id: requestId }),
  };
}

const byStatus: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'The request was refused by a rule of the sandbox.'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low to access the Anthropic API.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed the rate limit for your organization.'],
  500: ['api_error', 'Internal server error'],
  503: ['api_error', 'Service unavailable'],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
};

/** The vendor's own error for a status. */
export function errorOfStatus(status: number): AnthropicError {
  const [type, message] =
    byStatus[status] ??
    (status >= 500 ? ['api_error', 'Internal server error'] : ['invalid_request_error', 'Invalid request']);
  return anthropicError(status, type, message);
}
