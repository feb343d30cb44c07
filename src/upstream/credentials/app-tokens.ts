import type { Log } from '../../telemetry/log.ts';
import type { Grant } from '../wire/access-token.ts';

/** Compared by identity: the endpoint may well give out the same text twice. */
export interface AppToken {
  readonly value: string;
  readonly askedAt: number;
  /** When to ask for another, while this one is still good. */
  readonly renewAt: number;
  readonly expiresAt: number;
  /** True when it came in place of one that was refused. */
  readonly isReplacement: boolean;
}

/** Both end with the signal's reason once it fires; the renewal goes on for whoever else waits. */
export interface AppTokens {
  /** One that lives. While it is being renewed early, the old one. */
  current(signal?: AbortSignal): Promise<AppToken>;
  /** A newer one than what upstream refused. Null when that had only just replaced another: a newer will not help. */
  insteadOf(refused: AppToken, signal?: AbortSignal): Promise<AppToken | null>;
}

export interface AppTokensOptions {
  /** Asks the endpoint once, in bounded time; fails with what callers may be told. */
  readonly request: () => Promise<Grant>;
  readonly now: () => number;
  readonly log: Log;
}

/** Of 4 hours, 48 minutes are left then. */
const renewAfterShare = 0.8;
/** After a failure the endpoint has peace for so long; who asks meanwhile is told of that failure. */
const pauseMs = 1000;
/** Upstream refuses replacements where a permission is missing, and they are not asked for at each call. */
const replacementMs = 60_000;

const unlessLeft = <Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> => {
  if (signal === undefined) return promise;
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(signal.reason);
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return Promise.race([promise, left.promise]).finally(() => signal.removeEventListener('abort', leave));
};

/** The access tokens of an app: one at a time is kept, and one renewal at a time is under way. */
export const createAppTokens = ({ request, now, log }: AppTokensOptions): AppTokens => {
  let kept: AppToken | null = null;
  let renewing: Promise<AppToken> | null = null;
  let failure: { readonly error: unknown; readonly at: number } | null = null;

  const renew = async (isReplacement: boolean): Promise<AppToken> => {
    // counted from the asking, so never too long
    const askedAt = now();
    try {
      const { token, lifeMs } = await request();
      kept = {
        value: token,
        askedAt,
        renewAt: askedAt + lifeMs * renewAfterShare,
        expiresAt: askedAt + lifeMs,
        isReplacement,
      };
      failure = null;
      log.debug({ lifeMs }, 'access token renewed');
      return kept;
    } catch (error) {
      failure = { error, at: now() };
      throw error;
    } finally {
      renewing = null;
    }
  };

  const renewal = (isReplacement = false): Promise<AppToken> => {
    // clocks are set back at times
    if (failure !== null && Math.abs(now() - failure.at) < pauseMs) return Promise.reject(failure.error);
    renewing ??= renew(isReplacement);
    return renewing;
  };

  const current: AppTokens['current'] = async (signal) => {
    if (kept === null || now() >= kept.expiresAt) return unlessLeft(renewal(), signal);
    // nobody waits for it, and there is time to try again
    if (now() >= kept.renewAt) renewal().catch(() => undefined);
    return kept;
  };

  return {
    current,
    async insteadOf(refused, signal) {
      if (kept !== refused) return current(signal);
      if (refused.isReplacement && now() - refused.askedAt < replacementMs) return null;
      // whoever comes now need not find out the same
      kept = null;
      return unlessLeft(renewal(true), signal);
    },
  };
};
