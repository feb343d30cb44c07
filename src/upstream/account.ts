import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import { type Allowance, allowanceAt } from './allowance.ts';
import type { Wish } from './budget.ts';
import { type CallerSpending, createCallerSpending, unshared } from './caller-spending.ts';
import { rateLimited } from './rate-limited.ts';
import type { SharedSpending } from './shared-spending.ts';
import { createSpendWindow, type Lane, lanes } from './spend-window.ts';
import { createThrottle, type ThrottleChange } from './throttle.ts';

/** What a lane is sure of while it is in use. An idle lane lends all of it, and writes wait for nobody's share. */
const shares: Readonly<Record<Lane, number>> = { write: 0.05, query: 0.25, poll: 0.1 };

const maxWaiting = 1000;

interface Waiting {
  readonly expiresAt: number;
  admit(): void;
  refuse(error: unknown): void;
}

/** The requests of one caller: those of the last minute, and those that wait for their turn. */
export interface Account {
  run<T>(wish: Wish, send: () => Promise<T>): Promise<T>;
  /** As far as it is known here. */
  allowance(): Allowance;
  /** Asks the other replicas what they have used. Never fails. */
  refresh(): Promise<void>;
  /** True while a 429 leaves less than the limit. */
  readonly isThrottled: boolean;
  /** True while a 429 is what keeps requests back, and not a minute that is used up. */
  readonly isHeldBack: boolean;
  /** Upstream refused another replica with 429. */
  refused(retryAfterMs: number): void;
  /** Other replicas have come or gone. */
  changed(): void;
  close(): void;
}

export const createAccount = (
  limitPerMinute: number,
  clock: Clock,
  shared: { readonly spending: SharedSpending; readonly callerKey: string } | null = null,
  onThrottled: (change: ThrottleChange) => void = () => {},
): Account => {
  const window = createSpendWindow();
  const { now: time } = clock;
  const spending: CallerSpending =
    shared === null
      ? unshared(limitPerMinute)
      : createCallerSpending({
          ...shared,
          shared: shared.spending,
          limitPerMinute,
          shares,
          window,
          now: time,
        });
  const throttle = createThrottle(onThrottled);
  const waiting: Readonly<Record<Lane, Set<Waiting>>> = {
    write: new Set(),
    query: new Set(),
    poll: new Set(),
  };
  let cancel = () => {};

  const reserved = (lane: Lane, limit: number, now: number): number => {
    const used = window.used(now, lane);
    const isIdle = used === 0 && waiting[lane].size === 0;
    return isIdle ? 0 : Math.max(0, Math.floor(shares[lane] * limit) - used);
  };

  /** How many requests of a lane the minute has room for. */
  const room = (lane: Lane, now: number): number => {
    const limit = spending.limit(now);
    const left = limit - window.used(now);
    if (lane === 'write') return left;
    return lanes.reduce((rest, other) => (other === lane ? rest : rest - reserved(other, limit, now)), left);
  };

  const isOpen = (lane: Lane, now: number) =>
    spending.waitMs(lane, now) === 0 &&
    throttle.waitMs(now) === 0 &&
    throttle.room(limitPerMinute, now) > 0 &&
    room(lane, now) > 0;

  const countWaiting = (upTo: Lane): number => {
    let count = 0;
    for (const lane of lanes) {
      count += waiting[lane].size;
      if (lane === upTo) break;
    }
    return count;
  };

  /** How long until a request of this lane may go, behind so many others. */
  const waitMs = (lane: Lane, ahead: number, now: number): number => {
    const missing = ahead + 1 - room(lane, now);
    const freeAt = Math.min(window.forgottenAt(missing, now), spending.risesAt(missing, now));
    const freeMs = missing <= 0 ? 0 : freeAt - now;
    const recoveryMs = throttle.room(limitPerMinute, now) > ahead ? 0 : throttle.recoveryMs(now);
    return Math.max(freeMs, recoveryMs, throttle.waitMs(now), spending.waitMs(lane, now));
  };

  const expire = (now: number) => {
    for (const lane of lanes) {
      for (const each of waiting[lane]) {
        if (each.expiresAt <= now) each.refuse(rateLimited(waitMs(lane, 0, now)));
      }
    }
  };

  const admitAll = (now: number) => {
    for (const lane of lanes) {
      for (const each of waiting[lane]) {
        if (!isOpen(lane, now)) break;
        each.admit();
      }
    }
  };

  /** Lets in whoever may go, and comes back when the next may. */
  const pump = () => {
    cancel();
    const now = clock.now();
    admitAll(now);
    expire(now);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      if (waiting[lane].size > 0) nextMs = Math.min(nextMs, waitMs(lane, 0, now));
      for (const { expiresAt } of waiting[lane]) nextMs = Math.min(nextMs, expiresAt - now);
    }
    if (Number.isFinite(nextMs)) cancel = clock.after(Math.max(1, nextMs), pump);
  };

  const enter = (lane: Lane) => {
    window.spend(lane, clock.now());
    throttle.began();
    spending.entered(lane);
  };

  const wait = ({ lane, patienceMs, signal }: Wish, now: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        waiting[lane].delete(each);
        signal?.removeEventListener('abort', abort);
      };
      const each: Waiting = {
        expiresAt: now + patienceMs,
        admit() {
          leave();
          enter(lane);
          resolve();
        },
        refuse(error) {
          leave();
          reject(error);
        },
      };
      const abort = () => {
        each.refuse(signal?.reason);
        pump();
      };
      signal?.addEventListener('abort', abort);
      waiting[lane].add(each);
      pump();
    });

  const takeTurn = async (wish: Wish): Promise<void> => {
    // who has left spends nothing, and would wait for an abort that has been
    wish.signal?.throwIfAborted();
    const now = clock.now();
    if (countWaiting(wish.lane) === 0 && isOpen(wish.lane, now)) return enter(wish.lane);
    const expected = waitMs(wish.lane, countWaiting(wish.lane), now);
    if (expected > wish.patienceMs || countWaiting(wish.lane) >= maxWaiting) throw rateLimited(expected);
    return wait(wish, now);
  };

  /** A turn here, and one among all replicas. */
  const takeTurnOfAll = async (wish: Wish): Promise<void> => {
    const deadline = clock.now() + wish.patienceMs;
    for (;;) {
      await takeTurn({ ...wish, patienceMs: Math.max(0, deadline - clock.now()) });
      const at = clock.now();
      if (spending.spend === null) return;
      const waitMs = await spending.spend(wish.lane, throttle.recovery(limitPerMinute, at));
      if (waitMs === 0) return;
      window.takeBack(wish.lane, at);
      throttle.ended();
      if (clock.now() + waitMs > deadline) throw rateLimited(waitMs);
    }
  };

  const allowance = () => allowanceAt(clock.now(), { limitPerMinute, window, spending, throttle });

  const isThrottled = () => throttle.recovery(limitPerMinute, clock.now()) !== null;

  return {
    async run(wish, send) {
      await takeTurnOfAll(wish);
      try {
        const answer = await send();
        throttle.answered();
        return answer;
      } catch (error) {
        if (error instanceof GatewayError && error.upstream?.status === 429) {
          throttle.refused(error.retryAfterMs ?? 0, clock.now());
          spending.tellRefused(error.retryAfterMs ?? 0);
        } else if (error instanceof GatewayError && error.upstream !== null) {
          throttle.answered();
        }
        throw error;
      } finally {
        throttle.ended();
        if (countWaiting('poll') > 0) pump();
      }
    },
    allowance,
    refresh: spending.refresh,
    get isThrottled() {
      return isThrottled();
    },
    get isHeldBack() {
      const { sentHere, elsewhere } = allowance();
      const isLeft = sentHere + elsewhere < limitPerMinute;
      return isThrottled() && (isLeft || throttle.waitMs(clock.now()) > 0);
    },
    refused(retryAfterMs) {
      throttle.refused(retryAfterMs, clock.now());
      pump();
    },
    changed() {
      spending.changed();
      pump();
    },
    close() {
      cancel();
      for (const lane of lanes) {
        for (const each of waiting[lane]) each.refuse(rateLimited(0));
      }
    },
  };
};
