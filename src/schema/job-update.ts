import type { JobUpdate } from '../domain/job-update.ts';
import { builder } from './builder.ts';
import { JobRef, JobStatusRef } from './job.ts';

export const JobUpdateKindRef = builder.enumType('JobUpdateKind', {
  description: 'What an update of a job tells.',
  values: {
    SNAPSHOT: { description: 'The state at the time of subscribing.' },
    SUBMITTED: { description: 'The job is new. `jobsUpdated` only.' },
    STATUS_CHANGED: { description: 'The status is another one than before.' },
    PROGRESSED: { description: 'Progress moved while the status stayed.' },
    STALE: {
      description:
        'Upstream has not answered for a while; `job` is the last known state. `jobUpdated` only. Told once; what changed meanwhile follows when upstream is back.',
    },
    DELETED: {
      description:
        'Upstream no longer has the job, as after a termination. `job` is its last known state; a `jobUpdated` completes.',
    },
  },
});

export const JobUpdateRef = builder.objectRef<JobUpdate>('JobUpdate').implement({
  description: 'Something new about a job that is being watched.',
  fields: (t) => ({
    kind: t.expose('kind', { type: JobUpdateKindRef, nullable: false, description: 'What this tells.' }),
    job: t.expose('job', {
      type: JobRef,
      nullable: false,
      description:
        'The job in the state it was seen in. Nested fields that cost a call are read anew for each update.',
    }),
    previousStatus: t.expose('previousStatus', {
      type: JobStatusRef,
      description: 'Only on STATUS_CHANGED. Null there as well when the status before was never seen.',
    }),
    observedAt: t.expose('observedAt', {
      type: 'DateTime',
      nullable: false,
      description:
        "When this was seen. Of `jobsUpdated` it is on upstream's clock, like `startedAt` and `finishedAt`, and everything that happened until then has been told: pass it as `since` to go on from here.",
    }),
  }),
});
