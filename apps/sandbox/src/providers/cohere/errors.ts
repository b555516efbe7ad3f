/** An error as Cohere answers it: an id and words, no type. */
export interface CohereError {
  readonly kind: 'error';
  readonly status: number;
  readonly message: string;
}

/** The shape of an error. */
export function cohereError(status: number, message: string): CohereError {
  return { kind: 'error', status, message };
}

/** A request Cohere understands and refuses. */
export function invalidRequest(message: string): CohereError {
  return cohereError(400, `invalid request: ${message}`);
}

/** A field Cohere does not know, anywhere in the body. */
export function unknownField(name: string, page: string): CohereError {
  return cohereError(
    422,
    `unknown field: parameter '${name}' is not a valid field. For proper usage, please refer to https://docs.cohere.com/reference/${page}`,
  );
}

/** A model nobody serves. */
export function modelNotFound(model: string): CohereError {
  return cohereError(
    404,
    `model '${model}' not found, make sure the correct model ID was used and that you have access to the model.`,
  );
}

/** Cohere's words for a status, for rules that only name one. */
export function errorOfStatus(status: number): CohereError {
  switch (status) {
    case 401:
      return cohereError(401, 'invalid api token');
    case 404:
      return modelNotFound('unknown');
    case 422:
      return cohereError(422, 'unprocessable entity');
    case 429:
      return cohereError(
        429,
        'You have reached the rate limit of your key. Please wait and try again, or contact support@cohere.com to increase your limit.',
      );
    case 503:
      return cohereError(503, 'service unavailable');
    default:
      return cohereError(status, status >= 500 ? 'internal server error' : 'invalid request');
  }
}
