import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';

const maxAttempts = 3;
const firstBackoffMs = 100;
/** With less than this left there is no sense in another attempt. */
const shortestAttemptMs = 300;

export interface RetryOptions {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const pause = (clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const leave = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    });
    signal?.addEventListener('abort', leave, { once: true });
  });

export type Retry = <T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  attempt: (leftMs: number) => Promise<T>,
) => Promise<T>;

/**
 * Tries a read again after what may pass, all within one deadline. Upstream's Retry-After is waited for if the
 * deadline allows that; if not, the error comes at once and tells it.
 */
export const createRetry =
  ({ clock, random }: RetryOptions): Retry =>
  async (timeoutMs, signal, attempt) => {
    const deadline = clock.now() + timeoutMs;
    let failure: GatewayError | null = null;
    for (let number = 1; ; number += 1) {
      try {
        return await attempt(deadline - clock.now());
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        // what upstream said tells more than that it was not asked again
        if (failure !== null && error.notSent && !error.transient) throw failure;
        if (!error.transient || number === maxAttempts) throw error;
        failure = error;
        // full jitter: those who failed together do not come back together
        const backoffMs = firstBackoffMs * 2 ** number * random();
        const waitMs = Math.max(backoffMs, error.retryAfterMs ?? 0);
        if (clock.now() + waitMs + shortestAttemptMs > deadline) throw error;
        await pause(clock, waitMs, signal);
      }
    }
  };
