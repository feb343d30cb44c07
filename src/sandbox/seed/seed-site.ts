import { createJobStore, type JobStore } from '../jobs/job-store.ts';
import { scriptedJob } from '../jobs/scripted-job.ts';
import type { StoredSchedule } from '../schedules/schedule.ts';
import { backgroundStreams, plansOfStream, streamRecurrence } from './background.ts';
import { disabledSchedules } from './disabled-schedules.ts';
import { frequentSchedules } from './frequent-schedules.ts';
import { nightlySchedules } from './nightly-schedules.ts';
import { oneOffPlans } from './one-off-jobs.ts';
import { recurringJobs } from './recurrence.ts';
import { plansOfRun, recurrenceOf, scriptedSchedule } from './schedule-script.ts';

const scheduleScripts = [...nightlySchedules, ...frequentSchedules, ...disabledSchedules];

export type SiteSeed = { readonly jobs: JobStore; readonly schedules: readonly StoredSchedule[] };

/** The jobs and schedules of a site as one finds it at `start`, and how it goes on from there. */
export const seedSite = (start: number): SiteSeed => {
  const oneOffJobs = oneOffPlans(start).map(scriptedJob);
  const scheduled = scheduleScripts.map((script) => ({ script, recurrence: recurrenceOf(script, start) }));
  const scheduledJobs = scheduled.map(({ script, recurrence }) =>
    recurringJobs(recurrence, (run) => plansOfRun(script, recurrence, run)),
  );
  const backgroundJobs = backgroundStreams.map((stream) => {
    const recurrence = streamRecurrence(stream, start);
    return recurringJobs(recurrence, (run) => plansOfStream(stream, recurrence, run));
  });
  return {
    jobs: createJobStore([() => oneOffJobs, ...scheduledJobs, ...backgroundJobs]),
    schedules: scheduled.map(({ script, recurrence }) => scriptedSchedule(script, recurrence)),
  };
};
