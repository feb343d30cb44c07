import { guidOf } from '../derived.ts';
import type { Destination } from './endpoint.ts';
import type { Job, JobStatus } from './job.ts';
import type { JobPlan, Load } from './job-plan.ts';
import type { StoredJob } from './job-store.ts';
import type { LogBook, MovementLog } from './movement-log.ts';

const durationOf = ({ waitMs, initializeMs, moveMs }: JobPlan['pace']): number =>
  waitMs + initializeMs + moveMs;

const statusAfter = ({ pace, ending }: JobPlan, elapsed: number): JobStatus => {
  if (elapsed < pace.waitMs) return 'UNINITIALIZED';
  if (elapsed < pace.waitMs + pace.initializeMs) return 'INITIALIZING';
  if (elapsed < durationOf(pace)) return 'IN_PROGRESS';
  return ending.status;
};

const itemsAfter = ({ pace, load }: JobPlan, elapsed: number): number => {
  const moving = elapsed - pace.waitMs - pace.initializeMs;
  if (moving < 0) return 0;
  return moving < pace.moveMs ? Math.floor((load.items * moving) / pace.moveMs) : load.items;
};

const logsAfter = (load: Load, items: number): number =>
  load.items === 0 ? 0 : Math.floor((items * load.logs) / load.items);

const notesAmong = ({ noteEvery }: Load, logs: number): number =>
  noteEvery === 0 ? 0 : Math.floor(logs / noteEvery);

/** Upstream shows the address long before the file is there (CONTRACT 5.2). */
const addressed = (destination: Destination, jobId: string): Destination => {
  if (!('file' in destination)) return destination;
  const { format, fileName = `export.${format.toLowerCase()}` } = destination.file;
  const url = `https://files.example.com/exports/${jobId.slice(0, 8)}/${encodeURIComponent(fileName)}`;
  return { file: { ...destination.file, url } };
};

const stateOf = (plan: JobPlan, now: number): Job => {
  const { pace, load, ending, startedAt } = plan;
  const status = statusAfter(plan, now - startedAt);
  const isFinished = status === ending.status;
  // A job that fails while it is being prepared never has any progress.
  const hasMoved = (status === 'IN_PROGRESS' || isFinished) && pace.moveMs > 0;
  const items = itemsAfter(plan, now - startedAt);
  const logs = logsAfter(load, items);
  const itemsRejected = logs - notesAmong(load, logs);
  const current = items * load.unitsPerItem;
  const progress = { current, total: load.announced, itemsSuccessful: items - itemsRejected, itemsRejected };
  return {
    id: plan.id,
    status,
    startedAt,
    finishedAt: isFinished ? startedAt + durationOf(pace) : null,
    name: plan.name,
    source: plan.source,
    destination: status === 'UNINITIALIZED' ? plan.destination : addressed(plan.destination, plan.id),
    progress: hasMoved ? progress : null,
    error: isFinished && ending.status === 'FAILED' ? ending.error : null,
    partialSuccessCause: isFinished && ending.status === 'PARTIALLY_SUCCESSFUL' ? ending.cause : null,
    otherSite: plan.otherSite,
    logsRecorded: hasMoved ? logs : 0,
    scheduleId: plan.scheduleId,
    workflowId: plan.workflowId,
    extendedFields: plan.extendedFields,
    shape: plan.shape,
  };
};

/** The item that entry `index` is about: the one whose handling made the count of entries grow. */
const itemOf = ({ id, source, load }: JobPlan, index: number): string => {
  const row = Math.ceil(((index + 1) * load.items) / load.logs);
  return 'file' in source ? String(row) : guidOf(`${id} item ${row}`);
};

const logOf = (plan: JobPlan, index: number): MovementLog => {
  const { load, rejections } = plan;
  const sourceItemId = itemOf(plan, index);
  const failure = rejections[(index - notesAmong(load, index)) % rejections.length];
  if (failure === undefined || notesAmong(load, index + 1) > notesAmong(load, index)) {
    return { sourceItemId, details: { note: 'Stored, but the image link was kept as plain text.' } };
  }
  return { sourceItemId, failure };
};

const logBookOf = (plan: JobPlan, now: number): LogBook => ({
  length: logsAfter(plan.load, itemsAfter(plan, now - plan.startedAt)),
  entry: (index) => logOf(plan, index),
});

export const scriptedJob = (plan: JobPlan): StoredJob => ({
  id: plan.id,
  startedAt: plan.startedAt,
  at: (now) => stateOf(plan, now),
  logs: (now) => logBookOf(plan, now),
  stop: () => undefined,
});
