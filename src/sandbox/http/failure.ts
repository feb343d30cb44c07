import type { JsonObject } from '../json.ts';
import { type Answer, jsonAnswer } from './answer.ts';

export type FieldViolation = {
  readonly field: string;
  readonly description: string;
  readonly violatedRule?: string;
  readonly data?: JsonObject;
};

/** A call that ends in an error answer; whoever finds the fault throws it. */
export class ApiFailure extends Error {
  readonly answer: Answer;

  constructor(status: number, message: string, details: JsonObject, headers: Answer['headers'] = {}) {
    super(message);
    this.answer = jsonAnswer(status, { message, details }, headers);
  }
}

const applicationError = (code: string, description: string, data: JsonObject): JsonObject => ({
  applicationError: { code, description, data },
});

export const invalidFields = (message: string, violations: readonly FieldViolation[]): ApiFailure =>
  new ApiFailure(400, message, { validationError: { fieldViolations: violations } });

export const invalid = (violation: FieldViolation): ApiFailure =>
  invalidFields(violation.description, [violation]);

export const malformed = (message: string): ApiFailure =>
  new ApiFailure(400, message, applicationError('INVALID_ARGUMENT', message, {}));

export const unauthenticated = (): ApiFailure => {
  const message = 'No access token or API key was sent.';
  return new ApiFailure(401, message, applicationError('UNAUTHENTICATED', message, {}));
};

export const expired = (): ApiFailure => {
  const message = 'The access token has expired.';
  return new ApiFailure(401, message, applicationError('UNAUTHENTICATED', message, {}));
};

export const denied = (message: string): ApiFailure =>
  new ApiFailure(403, message, applicationError('PERMISSION_DENIED', message, {}));

export const notFound = (message: string, data: JsonObject): ApiFailure =>
  new ApiFailure(404, message, applicationError('NOT_FOUND', message, data));

export const methodNotAllowed = (method: string, allowed: readonly string[]): ApiFailure => {
  const message = `${method} is not allowed here.`;
  return new ApiFailure(405, message, applicationError('METHOD_NOT_ALLOWED', message, {}), {
    allow: allowed.join(', '),
  });
};

export const tooLarge = (limit: number): ApiFailure => {
  const message = `The body is larger than ${limit} bytes.`;
  return new ApiFailure(413, message, applicationError('INVALID_ARGUMENT', message, {}));
};

export const failedPrecondition = (message: string): ApiFailure =>
  new ApiFailure(428, message, applicationError('FAILED_PRECONDITION', message, {}));

/** No Retry-After: none is documented (CONTRACT 13). */
export const tooManyRequests = (): ApiFailure => {
  const message = 'Too many requests.';
  return new ApiFailure(429, message, applicationError('RESOURCE_EXHAUSTED', message, {}));
};

/** System errors come without content, as upstream's do (CONTRACT 12.1). */
export const systemError = (): ApiFailure => new ApiFailure(500, '', {});
