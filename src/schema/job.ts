import { durationSeconds, isFinished, type Job } from '../domain/job.ts';
import { progressOf } from '../domain/progress.ts';
import { ApplicationErrorRef } from './application-error.ts';
import { builder } from './builder.ts';
import { DestinationRef } from './destination.ts';
import { ExtendedFieldsRef } from './extended-fields.ts';
import { NodeRef } from './node.ts';
import { ProgressRef } from './progress.ts';
import { SourceRef } from './source.ts';

export const JobStatusRef = builder.enumType('JobStatus', {
  description: 'Where a job is in its life (upstream: JobStatus).',
  values: {
    UNINITIALIZED: { description: 'Accepted, nothing begun.' },
    INITIALIZING: { description: 'Being prepared.' },
    IN_PROGRESS: { description: 'Moving data.' },
    COMPLETED: { description: 'Ended well. Single items may still have been rejected: see `logs`.' },
    FAILED: { description: 'Ended in an error: see `error`.' },
    PARTIALLY_SUCCESSFUL: {
      description:
        'Ended, but a limit of the destination kept part of the data out: see `partialSuccessCause`.',
    },
    UNRECOGNIZED: { description: 'Upstream sent a status that this version does not know: see `rawStatus`.' },
  },
});

export const JobRef = builder.objectRef<Job>('Job').implement({
  description:
    'One movement of data from a source to a destination, done once in the background (upstream: Job).',
  interfaces: [NodeRef],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What the job was called when it was submitted.' }),
    status: t.expose('status', {
      type: JobStatusRef,
      nullable: false,
      description: 'Where the job is in its life.',
    }),
    rawStatus: t.exposeString('rawStatus', {
      description:
        'The status in the words of upstream: tells more than `status` where that is UNRECOGNIZED.',
    }),
    isFinished: t.boolean({
      nullable: false,
      description:
        'True once `status` is COMPLETED, FAILED or PARTIALLY_SUCCESSFUL: nothing about the job changes any more. An UNRECOGNIZED status counts as finished once `finishedAt` is set.',
      resolve: isFinished,
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the job was submitted.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When the job ended. Null before.' }),
    durationSeconds: t.float({
      description: 'Seconds from `startedAt` to `finishedAt`, or to now while the job runs.',
      resolve: (job, _args, { now }) => durationSeconds(job, now()),
    }),
    source: t.expose('source', { type: SourceRef, description: 'Where the data comes from.' }),
    destination: t.expose('destination', { type: DestinationRef, description: 'Where the data goes.' }),
    sourceSiteId: t.exposeID('sourceSiteId', {
      description: 'The site the data comes from, when that is another site of the account.',
    }),
    destinationSiteId: t.exposeID('destinationSiteId', {
      description: 'The site the data goes to, when that is another site of the account.',
    }),
    progress: t.field({
      type: ProgressRef,
      description: 'How far the job has come. Null before upstream tells.',
      resolve: progressOf,
    }),
    error: t.expose('error', { type: ApplicationErrorRef, description: 'Why the job failed.' }),
    partialSuccessCause: t.exposeString('partialSuccessCause', {
      description: 'Why the job was only partially successful.',
    }),
    logsRecorded: t.expose('logsRecorded', {
      type: 'SafeInt',
      nullable: false,
      description: 'How many entries `logs` has.',
    }),
    scheduleId: t.exposeID('scheduleId', { description: 'The id of the schedule that triggered this job.' }),
    workflowId: t.exposeID('workflowId', {
      description: 'The id of the workflow that this job is a step of.',
    }),
    extendedFields: t.expose('extendedFields', {
      type: ExtendedFieldsRef,
      description: 'What apps keep with this job.',
    }),
    observedAt: t.expose('observedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When the gateway last saw the job in this state.',
    }),
  }),
});
