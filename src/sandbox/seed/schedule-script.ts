import { fractionOf } from '../derived.ts';
import type { Ending, JobPlan } from '../jobs/job-plan.ts';
import type { StoredSchedule } from '../schedules/schedule.ts';
import { scheduleIdOf, stepJobIdOf, workflowIdOf } from './ids.ts';
import { type JobTemplate, planJob } from './job-template.ts';
import { latestRun, type Recurrence, timeOfRun } from './recurrence.ts';
import { days } from './spans.ts';

/** `endings` take turns from run to run. */
export type StepScript = JobTemplate & { readonly endings?: readonly Ending[] };

export type ScheduleScript = {
  readonly key: string;
  readonly name: string;
  readonly revision: number;
  readonly form: 'workflow' | 'flat';
  readonly cronExpression: string;
  /** The same in numbers: how often, and how long after Monday 00:00 UTC. */
  readonly everyMs: number;
  readonly offsetMs: number;
  readonly pastRuns: number;
  /** A disabled schedule made its last run about so long ago. */
  readonly disabledForMs?: number;
  readonly steps: readonly StepScript[];
};

/** 1970 began on a Thursday. */
const firstMonday = days(4);

export const recurrenceOf = (script: ScheduleScript, start: number): Recurrence => {
  const { everyMs, offsetMs, pastRuns, disabledForMs } = script;
  const phase = firstMonday + offsetMs;
  const after = start - (disabledForMs ?? 0);
  const firstAt = phase + (Math.floor((after - phase) / everyMs) + 1) * everyMs;
  return { firstAt, everyMs, past: pastRuns, keep: disabledForMs === undefined ? 6 : 0 };
};

const endingOf = ({ ending, endings = [] }: StepScript, run: number): Ending | undefined =>
  endings.at(run % endings.length) ?? ending;

/** The jobs of one run: submitted together, each waiting for those before it. */
export const plansOfRun = (
  script: ScheduleScript,
  recurrence: Recurrence,
  run: number,
): readonly JobPlan[] => {
  let waitSeconds = 1;
  return script.steps.map((step, index) => {
    const id = stepJobIdOf(script.key, run, index);
    const scale = 0.85 + 0.3 * fractionOf(id);
    const ending = endingOf(step, run);
    const moveSeconds = Math.round(step.moveSeconds * scale);
    const template = {
      ...step,
      ...(ending && { ending }),
      items: Math.round(step.items * scale),
      moveSeconds,
    };
    const plan = planJob(
      { ...template, waitSeconds },
      {
        id,
        startedAt: timeOfRun(recurrence, run) + 3 + index * 250,
        scheduleId: scheduleIdOf(script.key),
        ...(script.form === 'workflow' && { workflowId: workflowIdOf(script.key, run) }),
      },
    );
    waitSeconds += 3 + moveSeconds;
    return plan;
  });
};

export const scriptedSchedule = (script: ScheduleScript, recurrence: Recurrence): StoredSchedule => {
  const { key, name, revision, form, cronExpression } = script;
  const enabled = script.disabledForMs === undefined;
  const steps = script.steps.map(({ source, destination, otherSite = null }) => ({
    source,
    destination,
    otherSite,
  }));
  const id = scheduleIdOf(key);
  return {
    id,
    at: (now) => {
      const run = latestRun(recurrence, now);
      return {
        id,
        revision,
        name,
        enabled,
        cronExpression,
        steps,
        form,
        lastExecutionAt: timeOfRun(recurrence, run),
        nextExecutionAt: enabled ? timeOfRun(recurrence, run + 1) : null,
        lastWorkflowId: workflowIdOf(key, run),
        lastJobId: stepJobIdOf(key, run, 0),
      };
    },
  };
};
