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

/** What the others know of a caller's minute. */
export interface SharedAnswer {
  /** How long to wait before asking again; 0 when it was spent. */
  readonly waitMs: number;
  /** What is left to replicas that are missing, beyond what they were seen to spend: they may be going on alone. */
  readonly reserved: number;
  /** What others have sent, by whole seconds before now. */
  readonly others: readonly { readonly age: number; readonly count: number }[];
}

/** What one of so many may use of a limit by itself. */
export const partOf = (limitPerMinute: number, parts: number): number =>
  Math.max(1, Math.floor(limitPerMinute / parts));

/** What several replicas together know of the requests of callers. */
export interface SharedSpending {
  /** False while the others cannot be asked: then each keeps within its part. */
  readonly isShared: boolean;
  /** False until all have had the time to declare: each keeps within its part until then, and asks the others as well. */
  readonly isSettled: boolean;
  /** What a replica may use of a limit by itself: one of so many parts. */
  readonly parts: number;
  /** How many replicas may be going on alone. */
  readonly missing: number;
  /** Spends one request at once for all, or says how long to wait before asking again. */
  spend(callerKey: string, wish: SharedWish): Promise<SharedAnswer>;
  /** Spends nothing. */
  look(callerKey: string, limitPerMinute: number): Promise<SharedAnswer>;
  /** Tells what was sent without the others knowing. */
  declare(callerKey: string, limitPerMinute: number, spent: readonly Spent[]): void;
  /** A 429 that all have to heed. */
  tellRefused(callerKey: string, retryAfterMs: number): void;
  /** Called for a 429 that another replica has met. */
  onRefused(listener: (callerKey: string, retryAfterMs: number) => void): void;
  /** Called when one of these changes, and so when it is time to declare. */
  onChange(listener: () => void): void;
}
