import { GatewayError } from '../domain/gateway-error.ts';

/** True when upstream may have done it all the same: no answer, a broken one, or a failure of its own. */
export const mayHaveHappened = (error: unknown): error is GatewayError =>
  error instanceof GatewayError &&
  !error.notSent &&
  (error.code === 'UPSTREAM_TIMEOUT' ||
    error.code === 'UPSTREAM_UNAVAILABLE' ||
    error.code === 'UPSTREAM_INVALID_RESPONSE' ||
    // 501 says that nothing was done
    (error.upstream !== null && error.upstream.status >= 500 && error.upstream.status !== 501));

export const outcomeUnknown = (message: string, cause: GatewayError): GatewayError =>
  new GatewayError('OUTCOME_UNKNOWN', message, {
    cause,
    ...(cause.upstream === null ? {} : { upstream: cause.upstream }),
  });
