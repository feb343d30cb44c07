import { LRUCache } from 'lru-cache';
import { type Clock, steadily } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import { type Log, silentLog } from '../telemetry/log.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import { shortHash } from '../telemetry/observed.ts';
import { type Account, createAccount } from './account.ts';
import type { Allowance } from './allowance.ts';
import type { SharedSpending } from './shared-spending.ts';
import { createShortage, type Shortage, type ShortageChange } from './shortage.ts';
import type { Lane } from './spend-window.ts';
import type { ThrottleChange } from './throttle.ts';

const maxCallers = 10_000;

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
  /** What is left to the one who has least, of those of whom that is known; null where it is of none. */
  readonly lowest: number | null;
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

interface CallerBudget {
  readonly account: Account;
  readonly shortage: Shortage;
}

/** Holds every caller below its requests a minute, over all it does, and over all replicas. */
export const createBudget = (
  limitPerMinute: number,
  wallClock: Clock,
  spending: SharedSpending | null = null,
  log: Log = silentLog,
  metrics: Pick<Metrics, 'rateLimited' | 'budgetWaited'> = noMetrics,
): Budget => {
  const clock = { ...wallClock, now: steadily(wallClock.now) };
  const accounts = new LRUCache<string, CallerBudget>({
    max: maxCallers,
    dispose: ({ account }) => account.close(),
  });

  const sayThrottled = (callerKey: string, { isRefusal, share, pauseMs }: ThrottleChange) => {
    const perMinute = Math.max(1, Math.floor(limitPerMinute * share));
    const line = { caller: shortHash(callerKey), perMinute };
    if (isRefusal) log.warn({ ...line, pauseMs }, 'Wix answers a caller 429: pausing, then sending less');
    else log.info(line, 'no 429 of Wix for a minute: sending more again');
  };

  const sayShort = (callerKey: string, { isShort, refused }: ShortageChange) => {
    const caller = shortHash(callerKey);
    const { sentHere, elsewhere } = of(callerKey);
    const line = { caller, perMinute: limitPerMinute, sentHere, elsewhere };
    if (isShort) log.warn(line, 'what Wix allows a caller in a minute is used up: refusing what cannot wait');
    else
      log.info({ caller, refused }, 'nothing was refused to a caller for a minute: what Wix allows suffices');
  };

  const ofCaller = (callerKey: string): CallerBudget => {
    const known = accounts.get(callerKey) ?? {
      account: createAccount(limitPerMinute, clock, spending && { spending, callerKey }, (change) =>
        sayThrottled(callerKey, change),
      ),
      shortage: createShortage((change) => sayShort(callerKey, change)),
    };
    accounts.set(callerKey, known, { noDisposeOnSet: true });
    return known;
  };

  spending?.onChange(() => {
    for (const { account } of accounts.values()) account.changed();
  });
  spending?.onRefused((callerKey, retryAfterMs) => accounts.peek(callerKey)?.account.refused(retryAfterMs));

  const of = (callerKey: string): Allowance =>
    accounts.get(callerKey)?.account.allowance() ?? {
      limitPerMinute,
      remaining: limitPerMinute,
      resetAt: new Date(clock.now()),
      sentHere: 0,
      elsewhere: 0,
      isKnown: spending === null,
    };

  /** Who says that it was too much: a caller is told the same of all. */
  const noteLimited = (error: unknown, callerKey: string, caller: CallerBudget) => {
    const { account, shortage } = caller;
    if (!(error instanceof GatewayError) || error.code !== 'RATE_LIMITED') return;
    if (error.upstream !== null) return metrics.rateLimited('wix');
    // it was closed, and refuses whoever waits
    if (accounts.peek(callerKey) !== caller) return;
    if (account.isHeldBack) return metrics.rateLimited('after_429');
    metrics.rateLimited('budget');
    shortage.refused(clock.now());
  };

  return {
    async run(callerKey, wish, send) {
      const caller = ofCaller(callerKey);
      const begunAt = clock.now();
      caller.shortage.look(begunAt);
      try {
        return await caller.account.run(wish, () => {
          metrics.budgetWaited(wish.lane, (clock.now() - begunAt) / 1000);
          return send();
        });
      } catch (error) {
        noteLimited(error, callerKey, caller);
        throw error;
      }
    },
    of,
    ofAll: (callerKey) =>
      spending === null
        ? of(callerKey)
        : ofCaller(callerKey)
            .account.refresh()
            .then(() => of(callerKey)),
    state() {
      const all = [...accounts.values()];
      for (const { shortage } of all) shortage.look(clock.now());
      const known = all.map(({ account }) => account.allowance()).filter(({ isKnown }) => isKnown);
      const left = known.map(({ remaining }) => remaining);
      const isNobody = left.length === 0 && spending !== null;
      return {
        callers: all.length,
        exhausted: left.filter((remaining) => remaining === 0).length,
        throttled: all.filter(({ account }) => account.isThrottled).length,
        lowest: isNobody ? null : left.reduce((least, each) => Math.min(least, each), limitPerMinute),
      };
    },
    close: () => accounts.clear(),
  };
};
