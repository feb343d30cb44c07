import { LRUCache } from 'lru-cache';
import { type Clock, steadily } from '../domain/clock.ts';
import { type Log, silentLog } from '../telemetry/log.ts';
import { shortHash } from '../telemetry/observed.ts';
import { type Account, createAccount } from './account.ts';
import type { SharedSpending } from './shared-spending.ts';
import type { Lane } from './spend-window.ts';
import type { ThrottleChange } from './throttle.ts';

const maxCallers = 10_000;

/** What is left of a caller's requests. */
export interface Allowance {
  readonly limitPerMinute: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/** One request that wants to be sent. */
export interface Wish {
  readonly lane: Lane;
  /** How long it may wait for its turn. */
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Of all callers together. */
export interface BudgetState {
  readonly callers: number;
  /** Those who may not ask at present. */
  readonly exhausted: number;
  /** Those who are left less than the limit since a 429. */
  readonly throttled: number;
  /** What is left to the one who has least. */
  readonly lowest: number;
}

export interface Budget {
  /**
   * Sends when it is this request's turn: writes first, then queries, then polls. Fails at once with RATE_LIMITED
   * and retryAfterMs when that is later than patience allows.
   */
  run<T>(callerKey: string, wish: Wish, send: () => Promise<T>): Promise<T>;
  /** As far as it is known here. */
  of(callerKey: string): Allowance;
  /** After asking the other replicas, where there are any. */
  ofAll(callerKey: string): Allowance | Promise<Allowance>;
  state(): BudgetState;
  close(): void;
}

/** Holds every caller below its requests a minute, over all it does, and over all replicas. */
export const createBudget = (
  limitPerMinute: number,
  wallClock: Clock,
  spending: SharedSpending | null = null,
  log: Log = silentLog,
): Budget => {
  const clock = { ...wallClock, now: steadily(wallClock.now) };
  const accounts = new LRUCache<string, Account>({ max: maxCallers, dispose: (account) => account.close() });

  const sayThrottled = (callerKey: string, { isRefusal, share, pauseMs }: ThrottleChange) => {
    const perMinute = Math.max(1, Math.floor(limitPerMinute * share));
    const line = { caller: shortHash(callerKey), perMinute };
    if (isRefusal) log.warn({ ...line, pauseMs }, 'Wix answers a caller 429: pausing, then sending less');
    else log.info(line, 'no 429 of Wix for a minute: sending more again');
  };

  const accountOf = (callerKey: string): Account => {
    const account =
      accounts.get(callerKey) ??
      createAccount(limitPerMinute, clock, spending && { spending, callerKey }, (change) =>
        sayThrottled(callerKey, change),
      );
    accounts.set(callerKey, account, { noDisposeOnSet: true });
    return account;
  };

  spending?.onChange(() => {
    for (const account of accounts.values()) account.changed();
  });
  spending?.onRefused((callerKey, retryAfterMs) => accounts.peek(callerKey)?.refused(retryAfterMs));

  const of = (callerKey: string): Allowance =>
    accounts.get(callerKey)?.allowance() ?? {
      limitPerMinute,
      remaining: limitPerMinute,
      resetAt: new Date(clock.now()),
    };

  return {
    run: (callerKey, wish, send) => accountOf(callerKey).run(wish, send),
    of,
    ofAll: (callerKey) =>
      spending === null
        ? of(callerKey)
        : accountOf(callerKey)
            .refresh()
            .then(() => of(callerKey)),
    state() {
      const all = [...accounts.values()];
      const left = all.map((account) => account.allowance().remaining);
      return {
        callers: left.length,
        exhausted: left.filter((remaining) => remaining === 0).length,
        throttled: all.filter(({ isThrottled }) => isThrottled).length,
        lowest: left.reduce((least, each) => Math.min(least, each), limitPerMinute),
      };
    },
    close: () => accounts.clear(),
  };
};
