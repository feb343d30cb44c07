import { fractionOf } from '../derived.ts';
import type { JobPlan } from '../jobs/job-plan.ts';
import { everydayJobs } from './everyday-jobs.ts';
import { jobIdOf } from './ids.ts';
import { type JobIdentity, type JobTemplate, planJob } from './job-template.ts';
import { peculiarJobs } from './peculiar-jobs.ts';
import { minutes } from './spans.ts';
import { unfinishedJobs } from './unfinished-jobs.ts';

/** A job that was submitted once, `ago` milliseconds before the start. */
export type OneOffJob = JobTemplate &
  Pick<JobIdentity, 'scheduleId' | 'workflowId'> & { readonly key: string; readonly ago: number };

/** Nobody submits on the hour; jobs of one workflow stay together. */
const shifted = (job: OneOffJob): OneOffJob => ({
  ...job,
  ago: job.ago + Math.floor(minutes(50) * fractionOf(`minute of ${job.workflowId ?? job.key}`)),
});

export const oneOffPlans = (start: number): readonly JobPlan[] =>
  [...[...everydayJobs, ...peculiarJobs].map(shifted), ...unfinishedJobs].map(
    ({ key, ago, scheduleId, workflowId, ...template }) =>
      planJob(template, {
        id: jobIdOf(key),
        startedAt: start - ago,
        ...(scheduleId !== undefined && { scheduleId }),
        ...(workflowId !== undefined && { workflowId }),
      }),
  );
