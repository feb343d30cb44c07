/** Upstream counts by the minute, so a longer wish to be left alone is kept in steps of one, with a try between. */
const maxPauseMs = 60_000;
/** A refusal comes seldom alone: those of requests sent together count once. */
const sameRefusalMs = 5_000;
const recoveryMs = 60_000;
const smallestFactor = 1 / 16;

/** What a 429 changes: somebody else uses the same allowance. */
export interface Throttle {
  /** The configured limit, or less for a while after a refusal. */
  limit(configured: number, now: number): number;
  /** How long nothing may be sent. Also while a single try is under way after a pause: 0 once that has an answer. */
  waitMs(now: number): number;
  /** Upstream refused with 429. */
  refused(retryAfterMs: number, now: number): void;
  /** Upstream answered anything else. */
  succeeded(): void;
  began(): void;
  ended(): void;
}

/** How long to wait before looking again whether a try has been answered. */
const tryMs = 1000;

export const createThrottle = (): Throttle => {
  let factor = 1;
  let halvedAt = Number.NEGATIVE_INFINITY;
  let recoversAt = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  // after a refusal one request at a time goes out until one is answered
  let isTrying = false;
  let underWay = 0;

  const recover = (now: number) => {
    while (factor < 1 && now >= recoversAt) {
      factor *= 2;
      recoversAt += recoveryMs;
    }
  };

  return {
    limit(configured, now) {
      recover(now);
      return Math.max(1, Math.floor(configured * factor));
    },
    waitMs(now) {
      if (now < pausedUntil) return pausedUntil - now;
      return isTrying && underWay > 0 ? tryMs : 0;
    },
    refused(retryAfterMs, now) {
      recover(now);
      if (now - halvedAt >= sameRefusalMs) {
        factor = Math.max(smallestFactor, factor / 2);
        halvedAt = now;
      }
      recoversAt = now + recoveryMs;
      pausedUntil = Math.max(pausedUntil, now + Math.min(retryAfterMs, maxPauseMs));
      isTrying = true;
    },
    succeeded() {
      isTrying = false;
    },
    began() {
      underWay += 1;
    },
    ended() {
      underWay -= 1;
    },
  };
};
