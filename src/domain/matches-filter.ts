import { idKey } from './guid.ts';
import type { Job } from './job.ts';
import type {
  Given,
  IdFilter,
  InstantFilter,
  JobFilter,
  JobStatusFilter,
  StringFilter,
} from './job-filter.ts';

/** True where there is no condition, or where it holds. */
const holds = <Operand>(operand: Given<Operand>, condition: (operand: Operand) => boolean): boolean =>
  operand === null || operand === undefined || condition(operand);

const matchesId = (value: string | null, filter: IdFilter): boolean => {
  const id = value === null ? null : idKey(value);
  return (
    holds(filter.eq, (eq) => id === idKey(eq)) &&
    holds(filter.ne, (ne) => id !== idKey(ne)) &&
    holds(filter.in, (among) => id !== null && among.some((each) => idKey(each) === id)) &&
    holds(filter.exists, (exists) => exists === (id !== null))
  );
};

const matchesText = (value: string | null, filter: StringFilter): boolean =>
  holds(filter.eq, (eq) => value === eq) &&
  holds(filter.ne, (ne) => value !== ne) &&
  holds(filter.in, (among) => value !== null && among.includes(value)) &&
  holds(filter.startsWith, (start) => value?.toLowerCase().startsWith(start.toLowerCase()) === true) &&
  holds(filter.exists, (exists) => exists === (value !== null));

const matchesStatus = ({ status }: Job, filter: JobStatusFilter): boolean =>
  holds(filter.eq, (eq) => status === eq) &&
  holds(filter.ne, (ne) => status !== ne) &&
  holds(filter.in, (among) => among.includes(status));

const matchesInstant = (value: Date | null, filter: InstantFilter): boolean => {
  const compared = (operand: Given<Date>, test: (difference: number) => boolean) =>
    holds(operand, (instant) => value !== null && test(value.getTime() - instant.getTime()));
  return (
    compared(filter.eq, (difference) => difference === 0) &&
    holds(filter.ne, (instant) => value?.getTime() !== instant.getTime()) &&
    compared(filter.gt, (difference) => difference > 0) &&
    compared(filter.gte, (difference) => difference >= 0) &&
    compared(filter.lt, (difference) => difference < 0) &&
    compared(filter.lte, (difference) => difference <= 0) &&
    holds(filter.exists, (exists) => exists === (value !== null))
  );
};

/** Whether a job is one that the filter asks for: what upstream's query language does, done here. */
export const matchesFilter = (job: Job, filter: JobFilter): boolean =>
  holds(filter.id, (id) => matchesId(job.id, id)) &&
  holds(filter.name, (name) => matchesText(job.name, name)) &&
  holds(filter.status, (status) => matchesStatus(job, status)) &&
  holds(filter.startedAt, (startedAt) => matchesInstant(job.startedAt, startedAt)) &&
  holds(filter.finishedAt, (finishedAt) => matchesInstant(job.finishedAt, finishedAt)) &&
  holds(filter.scheduleId, (scheduleId) => matchesId(job.scheduleId, scheduleId)) &&
  holds(filter.workflowId, (workflowId) => matchesId(job.workflowId, workflowId)) &&
  holds(filter.and, (all) => all.every((each) => matchesFilter(job, each))) &&
  holds(filter.or, (any) => any.some((each) => matchesFilter(job, each))) &&
  holds(filter.not, (not) => !matchesFilter(job, not));
