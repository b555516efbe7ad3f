/** An answer that is an error: its HTTP status and OpenAI's body. */
export interface WireError {
  readonly kind: 'error';
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: string | null;
    };
  };
}

/** OpenAI's error shape. */
export function wireError(
  status: number,
  message: string,
  type: string,
  param: string | null,
  code: string | null,
): WireError {
  return { kind: 'error', status, body: { error: { message, type, param, code } } };
}

/** A request OpenAI refuses with 400. */
export function invalidRequest(message: string, param: string | null, code: string | null): WireError {
  return wireError(400, message, 'invalid_request_error', param, code);
}

/** No credential was sent. */
export function missingKey(): WireError {
  return wireError(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: " +
      'Bearer YOUR_KEY), or as the password field (with blank username) if you are accessing the API from your browser and are prompted for ' +
      'a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys.',
    'invalid_request_error',
    null,
    null,
  );
}

/** The credential is one of those the sandbox refuses (`sk-invalid…`, `invalid…`); the message shows only its ends. */
export function incorrectKey(token: string): WireError {
  const masked =
    token.length <= 8 ? '*'.repeat(token.length) : `${token.slice(0, 3)}${'*'.repeat(8)}${token.slice(-4)}`;
  return wireError(
    401,
    `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    'invalid_request_error',
    null,
    'invalid_api_key',
  );
}

/** A model nobody serves. */
export function modelNotFound(model: string): WireError {
  return wireError(
    404,
    `The model \`${model}\` does not exist or you do not have access to it.`,
    'invalid_request_error',
    null,
    'model_not_found',
  );
}

/** A path that does not exist. */
export function invalidUrl(method: string, path: string): WireError {
  return wireError(404, `Invalid URL (${method} ${path})`, 'invalid_request_error', null, null);
}

/** The body is not JSON. */
export function unparsableBody(): WireError {
  return invalidRequest(
    'We could not parse the JSON body of your request. (HINT: This likely means you aren’t using your HTTP library correctly. The OpenAI API ' +
      'expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us ' +
      'through our help center at help.openai.com.)',
    null,
    null,
  );
}

/** The body the vendor sends with a status of its own accord, for the rules that only name a status. */
export function errorOfStatus(status: number): WireError {
  switch (status) {
    case 400:
      return invalidRequest('The request was refused by a rule of the sandbox.', null, null);
    case 401:
      return wireError(
        401,
        'Incorrect API key provided: sk-********. You can find your API key at https://platform.openai.com/account/api-keys.',
        'invalid_request_error',
        null,
        'invalid_api_key',
      );
    case 403:
      return wireError(
        403,
        'You are not allowed to sample from this model.',
        'invalid_request_error',
        null,
        'permission_denied',
      );
    case 404:
      return modelNotFound('unknown');
    case 408:
      return wireError(408, 'Request timed out.', 'timeout', null, null);
    case 429:
      return wireError(
        429,
        'Rate limit reached for requests. Please try again in 1s.',
        'requests',
        null,
        'rate_limit_exceeded',
      );
    case 503:
      return wireError(
        503,
        'The engine is currently overloaded, please try again later.',
        'server_error',
        null,
        'service_unavailable',
      );
    default:
      return wireError(
        status,
        'The server had an error while processing your request. Sorry about that!',
        status >= 500 ? 'server_error' : 'invalid_request_error',
        null,
        null,
      );
  }
}
