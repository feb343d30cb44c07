import type { Job } from '../domain/job.ts';
import type { Tick } from './latest.ts';
import type { Sweep, SweepPart } from './sweep.ts';

/** What taking in a part of a sweep led to. */
export interface Taken {
  readonly changed: boolean;
  /** Known unfinished jobs that the sweep did not show, the longest unseen first. */
  readonly absent: readonly Job[];
}

/** A sweep to read on in, and who takes in what that brings. */
export interface FeedReading {
  readonly sweep: Sweep;
  takeIn(part: SweepPart, tick: Tick): Taken;
}
