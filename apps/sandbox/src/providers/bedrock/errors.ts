/** An error as Bedrock answers it: the type stands in a header, the body has nothing but words. */
export interface BedrockError {
  readonly kind: 'error';
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** The shape of an error. */
export function bedrockError(status: number, type: string, message: string): BedrockError {
  return { kind: 'error', status, type, message };
}

/** A request Bedrock refuses with 400. */
export function validationError(message: string): BedrockError {
  return bedrockError(400, 'ValidationException', message);
}

/** What the model behind Bedrock refuses. */
export function modelRefusal(message: string): BedrockError {
  return validationError(`The model returned the following errors: ${message}`);
}

/** A feature the model has not got, in Bedrock's words. */
export function unsupportedField(field: string): BedrockError {
  return validationError(`This model doesn't support the ${field} field. Remove ${field} and try again.`);
}

/** The `x-amzn-errortype` header: the type with the tail the service's framework adds. */
export function errorTypeHeader(type: string): string {
  const service = frameworkErrors.has(type) ? 'coral.service' : 'bedrock';
  return `${type}:http://internal.amazon.com/coral/com.amazon.${service}/`;
}

/** Errors of the web framework in front of the service. */
const frameworkErrors = new Set([
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SerializationException',
  'UnknownOperationException',
  'UnrecognizedClientException',
]);

/** Bedrock's error of a status, for rules that only name one. */
export function errorOfStatus(status: number): BedrockError {
  switch (status) {
    case 400:
      return validationError('The provided request is not valid');
    case 401:
    case 403:
      return bedrockError(
        status,
        'AccessDeniedException',
        "You don't have access to the model with the specified model ID.",
      );
    case 404:
      return bedrockError(
        404,
        'ResourceNotFoundException',
        'Could not resolve the foundation model from the provided model identifier.',
      );
    case 408:
      return bedrockError(
        408,
        'ModelTimeoutException',
        'Model has timed out in processing the request. Try your request again.',
      );
    case 424:
      return bedrockError(424, 'ModelErrorException', 'The request failed due to an error while processing the model.');
    case 429:
      return bedrockError(429, 'ThrottlingException', 'Too many requests, please wait before trying again.');
    case 503:
      return bedrockError(503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.');
    default:
      return bedrockError(
        status,
        status >= 500 ? 'InternalServerException' : 'ValidationException',
        'The system encountered an unexpected error during processing. Try your request again.',
      );
  }
}
