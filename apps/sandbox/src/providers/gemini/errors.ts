/** An error in Google's shape (google.rpc.Status as JSON). */
export interface GoogleError {
  readonly kind: 'error';
  readonly httpStatus: number;
  readonly body: {
    readonly error: {
      readonly code: number;
      readonly message: string;
      readonly status: string;
      readonly details?: readonly unknown[];
    };
  };
}

const messages: Readonly<Record<string, string>> = {
  UNAUTHENTICATED:
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. ' +
    'See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  PERMISSION_DENIED: 'The caller does not have permission',
  NOT_FOUND: 'Requested entity was not found.',
  RESOURCE_EXHAUSTED: 'Resource has been exhausted (e.g. check quota).',
  INTERNAL:
    'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  UNAVAILABLE: 'The model is overloaded. Please try again later.',
  DEADLINE_EXCEEDED: 'Deadline expired before operation could complete.',
  INVALID_ARGUMENT: 'Request contains an invalid argument.',
  FAILED_PRECONDITION: 'Precondition check failed.',
};

/** An error of Google; without a message the usual one of its status. */
export function googleError(
  code: number,
  status: string,
  message: string = messages[status] ?? 'Unknown Error.',
  details?: readonly unknown[],
): GoogleError {
  const error = { code, message, status, ...(details === undefined ? {} : { details }) };
  return { kind: 'error', httpStatus: code, body: { error } };
}

/** A request Google refuses with 400. */
export function invalidArgument(message: string, details?: readonly unknown[]): GoogleError {
  return googleError(400, 'INVALID_ARGUMENT', message, details);
}

/** A key that is none: on the Developer API that is a bad argument. */
export function invalidKey(): GoogleError {
  const message = 'API key not valid. Please pass a valid API key.';
  return invalidArgument(message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
    { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', locale: 'en-US', message },
  ]);
}

/** No key at all. */
export function missingKey(): GoogleError {
  return googleError(
    403,
    'PERMISSION_DENIED',
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  );
}

/** The vendor's own error for a status. Quota comes without `retry-after`: the wait is in the details. */
export function errorOfStatus(status: number): GoogleError {
  switch (status) {
    case 400:
      return invalidArgument('Request contains an invalid argument.');
    case 401:
      return googleError(401, 'UNAUTHENTICATED');
    case 403:
      return googleError(403, 'PERMISSION_DENIED');
    case 404:
      return googleError(404, 'NOT_FOUND');
    case 429:
      return googleError(
        429,
        'RESOURCE_EXHAUSTED',
        'You exceeded your current quota, please check your plan and billing details. Please retry in 1s.',
        [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }],
      );
    case 503:
      return googleError(503, 'UNAVAILABLE');
    case 504:
      return googleError(504, 'DEADLINE_EXCEEDED');
    default:
      return googleError(status, status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
  }
}
