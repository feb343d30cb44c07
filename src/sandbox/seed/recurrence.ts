import type { JobPlan } from '../jobs/job-plan.ts';
import type { JobSupply, StoredJob } from '../jobs/job-store.ts';
import { scriptedJob } from '../jobs/scripted-job.ts';

/** Something that happens again and again. Run 0 is the first one after the start, run -1 the last before it. */
export type Recurrence = {
  readonly firstAt: number;
  readonly everyMs: number;
  /** So many runs before the start; their jobs stay for good. */
  readonly past: number;
  /** Of the runs since the start the newest so many are kept; 0 for what no longer happens. */
  readonly keep: number;
};

export const timeOfRun = ({ firstAt, everyMs }: Recurrence, run: number): number => firstAt + run * everyMs;

export const latestRun = ({ firstAt, everyMs, keep }: Recurrence, now: number): number =>
  keep === 0 ? -1 : Math.max(-1, Math.floor((now - firstAt) / everyMs));

const runs = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** The jobs of the runs there have been, made anew only when another run begins. */
export const recurringJobs = (
  recurrence: Recurrence,
  plansOf: (run: number) => readonly JobPlan[],
): JobSupply => {
  const jobsOf = (run: number): readonly StoredJob[] => plansOf(run).map(scriptedJob);
  const pastJobs = runs(-recurrence.past, -1).flatMap(jobsOf);
  let latest = -1;
  let jobs: readonly StoredJob[] = pastJobs;
  return (now) => {
    const newest = latestRun(recurrence, now);
    if (newest !== latest) {
      latest = newest;
      jobs = [...pastJobs, ...runs(Math.max(0, newest - recurrence.keep + 1), newest).flatMap(jobsOf)];
    }
    return jobs;
  };
};
