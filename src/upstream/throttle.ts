/** Upstream counts by the minute, so a longer wish to be left alone is kept in steps of one, with a try between. */
const maxPauseMs = 60_000;
/** A refusal comes seldom alone: those of requests sent together count once. */
const sameRefusalMs = 5_000;
const recoveryMs = 60_000;
const smallestShare = 1 / 16;
/** How long to wait before looking again whether a try has been answered. */
const tryMs = 1000;

/** What a 429 changes: somebody else uses the same allowance. */
export interface Throttle {
  /** How long nothing may be sent: a pause, then one try at a time until one is answered. */
  waitMs(now: number): number;
  /** How many of `limit` requests may be sent before `recoveryMs`; all of them when there was no refusal lately. */
  room(limit: number, now: number): number;
  /** The same for those who count together: what may be sent of `limit`, since so many seconds ago. */
  recovery(limit: number, now: number): { readonly room: number; readonly age: number } | null;
  /** How long until more may be sent than that. */
  recoveryMs(now: number): number;
  began(): void;
  ended(): void;
  /** Upstream refused with 429. */
  refused(retryAfterMs: number, now: number): void;
  /** Upstream answered anything else. */
  answered(): void;
}

/** Told of each change. */
export interface ThrottleChange {
  /** False when it is over for this time, and more may be sent. */
  readonly isRefusal: boolean;
  /** What is left to us of a minute: 1 for all of it. */
  readonly share: number;
  /** For how long nothing is sent at first. */
  readonly pauseMs: number;
}

export const createThrottle = (onChange: (change: ThrottleChange) => void = () => {}): Throttle => {
  // what is left to us of a minute; halved by a refusal, doubled after a minute without one
  let share = 1;
  let sent = 0;
  let sentSince = Number.NEGATIVE_INFINITY;
  let halvedAt = Number.NEGATIVE_INFINITY;
  let recoversAt = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let isTrying = false;
  let underWay = 0;

  const recover = (now: number) => {
    while (share < 1 && now >= recoversAt) {
      share *= 2;
      sent = 0;
      sentSince = recoversAt;
      recoversAt += recoveryMs;
      onChange({ isRefusal: false, share, pauseMs: 0 });
    }
  };

  return {
    waitMs(now) {
      if (now < pausedUntil) return pausedUntil - now;
      return isTrying && underWay > 0 ? tryMs : 0;
    },
    room(limit, now) {
      recover(now);
      return share === 1 ? limit : Math.max(1, Math.floor(limit * share)) - sent;
    },
    recovery(limit, now) {
      recover(now);
      if (share === 1) return null;
      return { room: Math.max(1, Math.floor(limit * share)), age: Math.floor((now - sentSince) / 1000) };
    },
    recoveryMs(now) {
      recover(now);
      return share === 1 ? 0 : recoversAt - now;
    },
    began() {
      underWay += 1;
      sent += 1;
    },
    ended() {
      underWay -= 1;
    },
    refused(retryAfterMs, now) {
      recover(now);
      const isAnother = now - halvedAt >= sameRefusalMs;
      if (isAnother) {
        share = Math.max(smallestShare, share / 2);
        halvedAt = now;
      }
      sent = 0;
      sentSince = now;
      recoversAt = now + recoveryMs;
      pausedUntil = Math.max(pausedUntil, now + Math.min(retryAfterMs, maxPauseMs));
      isTrying = true;
      if (isAnother) onChange({ isRefusal: true, share, pauseMs: pausedUntil - now });
    },
    answered() {
      isTrying = false;
    },
  };
};
