import { GatewayError } from '../domain/gateway-error.ts';

/** Said without asking upstream: this caller's minute is used up, or left alone after a 429. */
export const rateLimited = (retryAfterMs: number): GatewayError =>
  new GatewayError(
    'RATE_LIMITED',
    'The requests that Wix allows this caller in a minute are used up. Wait as long as retryAfterMs says, then ask again.',
    { notSent: true, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) },
  );
