import { partOf, type SharedAnswer, type SharedSpending, type SharedWish } from './shared-spending.ts';
import { type Lane, lanes, type SpendWindow, type Spent } from './spend-window.ts';

/** How one caller's requests count together with those that other replicas send for it. */
export interface CallerSpending {
  /** How much of the limit this replica may use at present. */
  limit(now: number): number;
  /** What of the limit others have used, or may be using, beside what `limit` leaves to them. */
  elsewhere(now: number): number;
  /** When the limit will be so much higher, whatever is sent here. */
  risesAt(count: number, now: number): number;
  /** When the last of what others were seen to use is forgotten; 0 when that is so. */
  forgottenAt(now: number): number;
  /** False where they may have used more since they were asked. */
  isKnown(now: number): boolean;
  /** Asks the others what they have used. Never fails. */
  refresh(): Promise<void>;
  /** How long the others leave no room for this lane. */
  waitMs(lane: Lane, now: number): number;
  /** A request is counted here, and `spend` follows. */
  entered(lane: Lane): void;
  /** Spends for all what was counted here; says how long to wait where that cannot be. Null: there are no others. */
  readonly spend: ((lane: Lane, recovery: SharedWish['recovery']) => Promise<number>) | null;
  /** The others have come or gone. */
  changed(): void;
  tellRefused(retryAfterMs: number): void;
}

export const unshared = (limitPerMinute: number): CallerSpending => ({
  limit: () => limitPerMinute,
  elsewhere: () => 0,
  risesAt: () => Number.POSITIVE_INFINITY,
  forgottenAt: () => 0,
  isKnown: () => true,
  refresh: async () => undefined,
  waitMs: () => 0,
  entered: () => undefined,
  spend: null,
  changed: () => undefined,
  tellRefused: () => undefined,
});

export interface CallerSpendingOptions {
  readonly shared: SharedSpending;
  readonly callerKey: string;
  readonly limitPerMinute: number;
  readonly shares: Readonly<Record<Lane, number>>;
  /** What this replica has sent. */
  readonly window: SpendWindow;
  readonly now: () => number;
}

/** A minute, and what a second that is counted as one may add to it. */
const minuteMs = 62_000;
/** After a moment it is clear whether Redis is away. */
const troubleMs = 1000;
/** How long what others have spent is taken for known. */
const lookEveryMs = 1000;
/** And how long it is told to whoever looks after the gateway. */
const knownMs = 5000;

export const createCallerSpending = (options: CallerSpendingOptions): CallerSpending => {
  const { shared, callerKey, limitPerMinute, shares, window, now } = options;
  const heldUntil: Record<Lane, number> = { write: 0, query: 0, poll: 0 };
  // counted here, and not yet known to be counted there
  const asking: Record<Lane, number> = { write: 0, query: 0, poll: 0 };
  let isDeclared = true;
  let looking: Promise<void> | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let seen: { readonly reserved: number; readonly others: readonly { until: number; count: number }[] } = {
    reserved: 0,
    others: [],
  };

  const take = ({ reserved, others }: SharedAnswer) => {
    const at = now();
    heardAt = at;
    seen = {
      reserved,
      others: others.map(({ age, count }) => ({ count, until: at - 1000 * age + minuteMs })),
    };
  };

  const usedByOthers = (at: number) =>
    seen.others.reduce((sum, { until, count }) => (at < until ? sum + count : sum), 0);

  /** A part of its own, and never what others were seen to have used just before. */
  const part = (at: number) =>
    Math.max(0, Math.min(partOf(limitPerMinute, shared.parts), limitPerMinute - usedByOthers(at)));

  /** When a part of its own will be so much larger, as what others have used is forgotten. */
  const growsAt = (count: number, at: number): number => {
    const wanted = part(at) + count;
    const times = seen.others.map(({ until }) => until).sort((one, other) => one - other);
    return times.find((until) => until > at && part(until) >= wanted) ?? Number.POSITIVE_INFINITY;
  };

  const counted = (): readonly Spent[] => {
    const open = { ...asking };
    return window.spent(now()).flatMap(({ age, lane, count }) => {
      const later = Math.min(open[lane], count);
      open[lane] -= later;
      return count > later ? [{ age, lane, count: count - later }] : [];
    });
  };

  const ask = async (lane: Lane, recovery: SharedWish['recovery']): Promise<number> => {
    const declared = isDeclared ? null : counted();
    isDeclared = true;
    try {
      const wish = { lane, limitPerMinute, shares, recovery, declared };
      const answer = await shared.spend(callerKey, wish);
      take(answer);
      return answer.waitMs;
    } catch {
      // it may be counted there or not: to be declared
      isDeclared = false;
      return window.used(now()) <= part(now()) ? 0 : troubleMs;
    }
  };

  return {
    limit: (at) => (shared.isSettled ? limitPerMinute : part(at)),
    elsewhere(at) {
      // a part leaves to the others what is theirs
      if (!shared.isSettled) return 0;
      return usedByOthers(at) + (shared.missing > 0 ? seen.reserved : 0);
    },
    risesAt(count, at) {
      if (shared.isSettled) return Number.POSITIVE_INFINITY;
      // once all have declared, it is no longer parted
      return shared.isShared ? at + troubleMs : growsAt(count, at);
    },
    forgottenAt: (at) =>
      seen.others.reduce((latest, { until }) => (at < until ? Math.max(latest, until) : latest), 0),
    isKnown(at) {
      // of its own part it knows all, and while it is held back, that nothing is left
      const isHeld = lanes.some((lane) => at < heldUntil[lane]);
      return !shared.isSettled || isHeld || at - heardAt <= knownMs;
    },
    async refresh() {
      if (!shared.isShared || now() - lookedAt < lookEveryMs) return;
      // one operation may ask many times over
      looking ??= shared
        .look(callerKey, limitPerMinute)
        .then(take, () => undefined)
        .finally(() => {
          looking = null;
          lookedAt = now();
        });
      await looking;
    },
    waitMs: (lane, at) => Math.max(0, heldUntil[lane] - at),
    entered(lane) {
      asking[lane] += 1;
    },
    async spend(lane, recovery) {
      if (!shared.isShared) {
        asking[lane] -= 1;
        isDeclared = false;
        return 0;
      }
      const waitMs = await ask(lane, recovery);
      asking[lane] -= 1;
      if (waitMs > 0) heldUntil[lane] = now() + waitMs;
      return waitMs;
    },
    changed() {
      isDeclared = false;
      for (const lane of lanes) heldUntil[lane] = 0;
      const spent = counted();
      if (spent.length > 0) shared.declare(callerKey, limitPerMinute, spent);
    },
    tellRefused: (retryAfterMs) => shared.tellRefused(callerKey, retryAfterMs),
  };
};
