import { sustained } from './poll-share.ts';

/** How often to poll. All in milliseconds, but for the last two. */
export interface CadenceOptions {
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
  | { readonly kind: 'failed'; readonly retryAfterMs: number | null };

export interface Cadence {
  /** The time to wait after a poll that took so many calls. */
  readonly intervalMs: number;
  after(outcome: PollOutcome, calls: number): void;
  /** Something new is watched: look often again. */
  quicken(): void;
}

const growth = 1.5;
const failureGrowth = 2;
// a Retry-After beyond this is more likely a mistake than a wish
const maxRetryAfterMs = 60 * 60_000;

/** Often while something moves, ever more seldom while nothing does, and never above the share of the allowance. */
export const createCadence = (options: CadenceOptions): Cadence => {
  const { minMs, maxMs, share, requestsPerMinute, isSafetyNet } = options;
  const costMs = 60_000 / sustained(share * requestsPerMinute);
  let wish = minMs;
  let floor = 0;
  return {
    get intervalMs() {
      return Math.ceil(Math.max(isSafetyNet() ? maxMs : wish, floor));
    },
    after(outcome, calls) {
      floor = calls * costMs;
      if (outcome.kind === 'failed') {
        wish = Math.min(maxMs, wish * failureGrowth);
        floor = Math.max(floor, Math.min(outcome.retryAfterMs ?? 0, maxRetryAfterMs));
      } else {
        wish = outcome.kind === 'changed' ? minMs : Math.min(maxMs, wish * growth);
      }
    },
    quicken() {
      wish = minMs;
    },
  };
};
