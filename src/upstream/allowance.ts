import type { CallerSpending } from './caller-spending.ts';
import type { SpendWindow } from './spend-window.ts';
import type { Throttle } from './throttle.ts';

/** What is left of a caller's requests. */
export interface Allowance {
  readonly limitPerMinute: number;
  readonly remaining: number;
  readonly resetAt: Date;
  /** What this replica has sent of it. */
  readonly sentHere: number;
  /** What others have sent of it, or may be sending. */
  readonly elsewhere: number;
  /** False where others may have sent more since somebody asked them. */
  readonly isKnown: boolean;
}

export interface AllowanceParts {
  readonly limitPerMinute: number;
  readonly window: SpendWindow;
  readonly spending: CallerSpending;
  readonly throttle: Throttle;
}

export const allowanceAt = (
  now: number,
  { limitPerMinute, window, spending, throttle }: AllowanceParts,
): Allowance => {
  const sentHere = window.used(now);
  const elsewhere = limitPerMinute - spending.limit(now) + spending.elsewhere(now);
  const left = Math.min(limitPerMinute - sentHere - elsewhere, throttle.room(limitPerMinute, now));
  const pauseMs = throttle.waitMs(now);
  return {
    limitPerMinute,
    remaining: pauseMs > 0 ? 0 : Math.max(0, left),
    resetAt: new Date(
      Math.max(
        sentHere === 0 ? now : window.forgottenAt(sentHere, now),
        spending.forgottenAt(now),
        now + pauseMs,
        now + throttle.recoveryMs(now),
      ),
    ),
    sentHere,
    elsewhere,
    isKnown: spending.isKnown(now),
  };
};
