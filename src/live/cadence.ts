import { sustained } from './poll-share.ts';

/** How often to poll. All in milliseconds, but for shares and counts. */
export interface CadenceOptions {
  readonly now: () => number;
  /** While something moves. */
  readonly minMs: number;
  /** When nothing has moved for a while. */
  readonly maxMs: number;
  /** What polling may take of the allowance, 0 to 1. */
  readonly share: number;
  readonly requestsPerMinute: number;
  /** True while something else tells of changes: polling is then but a safety net. */
  readonly isSafetyNet: () => boolean;
}

/** What a poll brought. */
export type PollOutcome =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unchanged' }
  /** There was more to read than one poll may: the next goes on with it. */
  | { readonly kind: 'partial' }
  | { readonly kind: 'failed'; readonly retryAfterMs: number | null };

export interface Cadence {
  /** The time to wait after a poll that took so many calls. */
  readonly intervalMs: number;
  /** True since the last poll failed. */
  readonly isFailing: boolean;
  /** How long upstream is still to be left alone after that. */
  readonly restMs: number;
  after(outcome: PollOutcome, calls: number): void;
  /** Something new is watched: look often again, unless upstream is failing. */
  quicken(): void;
}

const growth = 1.5;
const failureGrowth = 2;
/** Upstream counts by the minute, so a longer wish to be left alone is kept in steps of one, with a try between. */
const maxRetryAfterMs = 60_000;

/** Often while something moves, ever more seldom while nothing does, and never above the share of the allowance. */
export const createCadence = (options: CadenceOptions): Cadence => {
  const { now, minMs, maxMs, share, requestsPerMinute, isSafetyNet } = options;
  const costMs = 60_000 / sustained(share * requestsPerMinute);
  let wish = minMs;
  let floor = 0;
  let last: PollOutcome['kind'] | null = null;
  let restsUntil = Number.NEGATIVE_INFINITY;

  const wishNow = () => {
    if (isSafetyNet()) return maxMs;
    return last === 'partial' ? minMs : wish;
  };
  const intervalMs = () => Math.ceil(Math.max(wishNow(), floor));

  return {
    get intervalMs() {
      return intervalMs();
    },
    get isFailing() {
      return last === 'failed';
    },
    get restMs() {
      return last === 'failed' ? Math.max(0, restsUntil - now()) : 0;
    },
    after(outcome, calls) {
      last = outcome.kind;
      floor = calls * costMs;
      if (outcome.kind === 'changed') wish = minMs;
      if (outcome.kind === 'unchanged') wish = Math.min(maxMs, wish * growth);
      if (outcome.kind !== 'failed') return;
      wish = Math.min(maxMs, wish * failureGrowth);
      floor = Math.max(floor, Math.min(outcome.retryAfterMs ?? 0, maxRetryAfterMs));
      restsUntil = now() + intervalMs();
    },
    quicken() {
      if (last !== 'failed') wish = minMs;
    },
  };
};
