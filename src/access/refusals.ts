import type { Scope } from '../config/token-file.ts';
import { GatewayError } from '../domain/gateway-error.ts';

export const unauthenticated = (message: string): GatewayError =>
  new GatewayError('UNAUTHENTICATED', message);

/** A token that was good once: with another one the same client may come back at once. */
export class TokenOver extends GatewayError {
  constructor(message: string) {
    super('UNAUTHENTICATED', message);
  }
}

export const tokenExpired = (): TokenOver =>
  new TokenOver('The token has expired. Get a new one and ask again with it.');

export const tokenWithdrawn = (): TokenOver =>
  new TokenOver('The token is no longer accepted. Get another one and ask again with it.');

export const scopeMissing = (scope: Scope): GatewayError =>
  new GatewayError(
    'FORBIDDEN',
    `The token has no scope ${scope}, which this needs. Ask whoever gives out tokens for one that has it.`,
  );

export const rateLimited = (message: string, retryAfterMs: number): GatewayError =>
  new GatewayError('RATE_LIMITED', message, { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) });
