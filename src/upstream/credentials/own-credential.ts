import type { AuthScheme } from '../../config/credential-settings.ts';
import { GatewayError } from '../../domain/gateway-error.ts';
import type { Log } from '../../telemetry/log.ts';

/** A credential of the gateway's own as the Authorization header has it. */
export const headerOf = (scheme: AuthScheme, credential: string): string =>
  scheme === 'bearer' ? `Bearer ${credential}` : credential;

/** True where upstream itself did not accept the credential. */
export const isRefused = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === 'UNAUTHENTICATED' && error.upstream?.status === 401;

/** For `catch`: no caller can mend a refusal of the gateway's own credential, so the operator is told. */
export const blameSettings =
  (what: string, variables: string, log: Log) =>
  (error: unknown): never => {
    if (!isRefused(error)) throw error;
    const { upstream } = error;
    const message = `Wix did not accept the gateway's own ${what}, or misses a permission of it. Asking again does not help until the operator of the gateway has checked ${variables}.`;
    log.warn({ upstream }, message);
    throw new GatewayError('UNAUTHENTICATED', message, upstream ? { upstream } : {});
  };
