import type { JobNews } from '../domain/job-news.ts';
import type { Company } from '../live/company.ts';
import type { SharedSpending } from '../upstream/shared-spending.ts';
import type { SharedSubmits } from '../writes/shared-submits.ts';

/** What several processes do as one gateway. */
export interface Replicas {
  readonly spending: SharedSpending;
  readonly submits: SharedSubmits;
  readonly company: Company;
  /** Tells the others of an event; those who watch look. */
  announce(news: JobNews): void;
  onAnnounced(listener: (news: JobNews) => void): void;
  /** False while Redis is away, and each replica goes on alone. */
  readonly isTogether: boolean;
  /** What to say of that in readiness; null while all is well. */
  problem(): string | null;
  /** How many there are, as far as this one has seen lately. */
  readonly count: number;
  /** How many of them may be going on alone. */
  readonly missing: number;
  /** For how many callers this one polls for all. */
  readonly leases: number;
  /** What share of an allowance is kept for them, 0 to 1. */
  readonly reservedShare: number;
  /** Alone, this one takes one of so many parts of an allowance. */
  readonly parts: number;
  close(): Promise<void>;
}
