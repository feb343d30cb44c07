import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFinished, type Job, type JobStatus } from '../src/domain/job.ts';
import type { JobUpdate } from '../src/domain/job-update.ts';
import { createJobFeed } from '../src/live/job-feed.ts';
import { createLatest, type Latest } from '../src/live/latest.ts';
import { createWatchedJob } from '../src/live/watched-job.ts';
import { job } from './support/live-upstream.ts';

const start = Date.UTC(2026, 8, 14, 12);
const now = () => start + 3_600_000;
const ways: readonly JobStatus[] = ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS'];
const ends: readonly JobStatus[] = ['COMPLETED', 'FAILED', 'PARTIALLY_SUCCESSFUL'];
const rank = ({ status }: Job) => (ends.includes(status) ? ways.length : ways.indexOf(status));

const stateAt = (instant: number, status: JobStatus, current: number, finishedAt: number | null): Job =>
  job(0, {
    status,
    startedAt: new Date(start),
    finishedAt: finishedAt === null ? null : new Date(start + finishedAt),
    progress: { current, total: 100, itemsSuccessful: null, itemsRejected: null },
    observedAt: new Date(start + instant),
  });

/** A job as upstream moves it: it begins, it goes on, and at some time it ends for good. */
const life = fc
  .record({
    initializing: fc.nat(20),
    progressing: fc.nat(20),
    ending: fc.option(fc.nat(20)),
    end: fc.constantFrom(...ends),
  })
  .map(({ initializing, progressing, ending, end }) => {
    const second = initializing + progressing;
    const last = ending === null ? Number.POSITIVE_INFINITY : second + ending;
    return (instant: number): Job => {
      if (instant >= last) return stateAt(instant, end, 100, last);
      if (instant >= second) return stateAt(instant, 'IN_PROGRESS', Math.floor(instant - second), null);
      return stateAt(instant, instant >= initializing ? 'INITIALIZING' : 'UNINITIALIZED', 0, null);
    };
  });

/** Looks, writes and webhooks that saw it now and then, some of them twice. */
const seen = fc
  .tuple(life, fc.array(fc.nat(80), { minLength: 1, maxLength: 8 }))
  .map(([at, instants]) => instants.map(at));

/** What any upstream might claim, one that lies too. */
const claimed = fc.array(
  fc
    .record({ instant: fc.nat(10), status: fc.constantFrom(...ways, ...ends), current: fc.nat(100) })
    .map(({ instant, status, current }) =>
      stateAt(instant, status, current, ends.includes(status) ? instant : null),
    ),
  { minLength: 1, maxLength: 8 },
);

const shuffled = (states: fc.Arbitrary<Job[]>) =>
  states.chain((each) => fc.tuple(fc.constant(each), fc.shuffledSubarray(each, { minLength: each.length })));

interface Reducer {
  observe(job: Job): void;
  state(): Job | null;
}

const told = () => undefined;

/** The two that tell readers what has happened to a job. */
const reducers: Readonly<Record<string, (latest: Latest) => Reducer>> = {
  'a watched job': (latest) => {
    const watched = createWatchedJob(job(0).id, { now, staleAfterMs: 30_000, snapshotMs: 0, told });
    watched.join(latest);
    return { observe: (state) => void watched.observe(state, {}), state: () => watched.job };
  },
  'the feed': (latest) => {
    const toUpstreamTime = (instant: number) => instant;
    const feed = createJobFeed({ now: () => start, toUpstreamTime, snapshotMs: 0, told });
    void feed.join({ latest, filter: {}, since: null, joinedAt: start });
    // the first sweep, which finds nothing
    for (const { takeIn } of feed.readings('round')) {
      takeIn({ rows: [], unreadable: [], pages: 1, isComplete: true, failure: null }, {});
    }
    return { observe: (state) => void feed.observe(state, {}), state: () => feed.job(job(0).id) ?? null };
  },
};

/** What a reader was told who reads after those observations for which `reads` holds, and at the end. */
const tell = (make: (latest: Latest) => Reducer, states: readonly Job[], reads: (n: number) => boolean) => {
  const latest = createLatest(null, () => {});
  const reducer = make(latest);
  const told: JobUpdate[] = [];
  const read = () => {
    for (let event = latest.stream.take(); event !== undefined; event = latest.stream.take())
      told.push(event.update);
  };
  states.forEach((state, n) => {
    reducer.observe(state);
    if (reads(n)) read();
  });
  read();
  return { told, state: reducer.state() };
};

const pace = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
/** A look that shows nothing new is not told, so readers need not know when the last was. */
const timeless = (state: Job | null | undefined) => state && { ...state, observedAt: null };
const isEnd = ({ job: state }: JobUpdate) => isFinished(state);

describe.each(Object.entries(reducers))('%s', (_what, make) => {
  it('tells of at most one end, and nothing after it, whatever upstream claims', () =>
    fc.assert(
      fc.property(claimed, pace, (states, reads) => {
        const { told, state } = tell(make, states, (n) => reads[n] ?? true);
        expect(told.slice(0, -1).some(isEnd)).toBe(false);
        expect(timeless(told.at(-1)?.job)).toEqual(timeless(state));
      }),
      { numRuns: 500 },
    ));

  it('never goes back, in whatever order the job was seen', () =>
    fc.assert(
      fc.property(shuffled(seen), pace, ([, states], reads) => {
        const { told } = tell(make, states, (n) => reads[n] ?? true);
        for (const [n, update] of told.entries()) {
          const before = told[n - 1]?.job;
          if (before === undefined) continue;
          expect(rank(update.job)).toBeGreaterThanOrEqual(rank(before));
          expect(update.job.observedAt.getTime()).toBeGreaterThanOrEqual(before.observedAt.getTime());
        }
      }),
      { numRuns: 500 },
    ));

  it('comes to the same in whatever order the job was seen, and whenever that was read', () =>
    fc.assert(
      fc.property(shuffled(seen), pace, ([inOrder, states], reads) => {
        const one = tell(make, inOrder, () => true);
        const other = tell(make, states, (n) => reads[n] ?? true);
        expect(timeless(other.state)).toEqual(timeless(one.state));
        expect(timeless(other.told.at(-1)?.job)).toEqual(timeless(one.state));
      }),
      { numRuns: 500 },
    ));
});
