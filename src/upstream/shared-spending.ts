import type { Lane, Spent } from './spend-window.ts';

export interface SharedWish {
  readonly lane: Lane;
  readonly limitPerMinute: number;
  /** What the shares of lanes are of that. */
  readonly shares: Readonly<Record<Lane, number>>;
  /** After a 429: how many may be sent since so many seconds ago. Null at other times. */
  readonly recovery: { readonly room: number; readonly age: number } | null;
  /** All that this replica has sent within the minute, where the others do not know that yet. */
  readonly declared: readonly Spent[] | null;
}

/** What several replicas together know of the requests of callers. */
export interface SharedSpending {
  /** False while the others cannot be asked: then each keeps within its part. */
  readonly isShared: boolean;
  /** False until all have had the time to declare: each keeps within its part until then, and asks the others as well. */
  readonly isSettled: boolean;
  /** What a replica may use of a limit by itself: one of so many parts. */
  readonly parts: number;
  /** Spends one request at once for all, or says how long to wait before asking again. */
  spend(
    callerKey: string,
    wish: SharedWish,
  ): Promise<{ readonly waitMs: number; readonly usedByAll: number }>;
  /** Tells what was sent without the others knowing. */
  declare(callerKey: string, spent: readonly Spent[]): void;
  /** A 429 that all have to heed. */
  tellRefused(callerKey: string, retryAfterMs: number): void;
  /** Called for a 429 that another replica has met. */
  onRefused(listener: (callerKey: string, retryAfterMs: number) => void): void;
  /** Called when one of these changes, and so when it is time to declare. */
  onChange(listener: () => void): void;
}
