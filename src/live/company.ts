import type { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';

/** What is wanted for the readers of one replica. */
export interface Wish {
  /** Jobs that are watched by their ids. */
  readonly ids: readonly string[];
  readonly feed: boolean;
}

/** What one replica has learned of a caller's jobs and tells the others. */
export interface News {
  readonly found: readonly Job[];
  /** Ids of jobs that were asked for and are as they were told before. */
  readonly same: readonly string[];
  /** Ids that upstream confirmed not to have. */
  readonly gone: readonly string[];
  /** Ids of which nothing was learned, and why. */
  readonly failed: readonly string[];
  readonly error: GatewayError | null;
  /** With this, all that happened until then has been told, on upstream's clock; null where nobody knows. */
  readonly seenUntil: Date | null;
}

export const noNews: News = { found: [], same: [], gone: [], failed: [], error: null, seenUntil: null };

/** One replica of those that watch something for a caller. */
export interface Member {
  /** What its own readers want. */
  wish(): Wish;
  hear(news: News): void;
  /** Some news may not have been heard. */
  miss(): void;
  /** It polls, or polls no longer; or it may have missed something. Either way it is time to look. */
  look(): void;
  /** As the one that polls: what each of the others wants. */
  serve(wishes: ReadonlyMap<string, Wish>): void;
}

export interface Membership {
  /** True for the one replica that polls, and for one that is alone. */
  readonly isPolling: boolean;
  /** Tells the others what a poll has brought; nothing while this replica is not the one that polls. */
  tell(news: News): void;
  /** The wish is another one than before. */
  wishChanged(): void;
  leave(): void;
}

/** The replicas that watch for the same caller: one of them polls for all. */
export interface Company {
  join(callerKey: string, member: Member): Membership;
  /** What a write has brought: true whoever polls. */
  tellWritten(callerKey: string, news: News): void;
}
