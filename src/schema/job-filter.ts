import type { JobFilter } from '../domain/job-filter.ts';
import { builder } from './builder.ts';
import { JobStatusRef } from './job.ts';

const IDFilterRef = builder.inputType('IDFilter', {
  description: 'Conditions on an id; all that are given must hold. Null is the same as leaving one out.',
  fields: (t) => ({
    eq: t.id({ description: 'Is this id.' }),
    ne: t.id({ description: 'Is not this id.' }),
    in: t.idList({ description: 'Is one of these. An empty list matches nothing.' }),
    exists: t.boolean({ description: 'True: there is one. False: there is none.' }),
  }),
});

const StringFilterRef = builder.inputType('StringFilter', {
  description: 'Conditions on a text; all that are given must hold. Null is the same as leaving one out.',
  fields: (t) => ({
    eq: t.string({ description: 'Is this text.' }),
    ne: t.string({ description: 'Is not this text.' }),
    in: t.stringList({ description: 'Is one of these. An empty list matches nothing.' }),
    startsWith: t.string({ description: 'Begins like this; upper and lower case are the same.' }),
    exists: t.boolean({ description: 'True: there is one. False: there is none.' }),
  }),
});

const JobStatusFilterRef = builder.inputType('JobStatusFilter', {
  description: 'Conditions on the status; all that are given must hold. Null is the same as leaving one out.',
  fields: (t) => ({
    eq: t.field({ type: JobStatusRef, description: 'Is this status.' }),
    ne: t.field({ type: JobStatusRef, description: 'Is not this status.' }),
    in: t.field({ type: [JobStatusRef], description: 'Is one of these. An empty list matches nothing.' }),
  }),
});

const DateTimeFilterRef = builder.inputType('DateTimeFilter', {
  description: 'Conditions on an instant; all that are given must hold. Null is the same as leaving one out.',
  fields: (t) => ({
    eq: t.field({ type: 'DateTime', description: 'Is this instant.' }),
    ne: t.field({ type: 'DateTime', description: 'Is not this instant.' }),
    gt: t.field({ type: 'DateTime', description: 'Is after this instant.' }),
    gte: t.field({ type: 'DateTime', description: 'Is this instant or after it.' }),
    lt: t.field({ type: 'DateTime', description: 'Is before this instant.' }),
    lte: t.field({ type: 'DateTime', description: 'Is this instant or before it.' }),
    exists: t.boolean({ description: 'True: there is one. False: there is none.' }),
  }),
});

export const JobFilterRef = builder.inputRef<JobFilter>('JobFilter').implement({
  description:
    "Conditions on different fields must all hold; so must those inside one field's filter. These are the fields that upstream can filter by (upstream: QueryJobs).",
  fields: (t) => ({
    and: t.field({ type: [JobFilterRef], description: 'All of these hold.' }),
    or: t.field({
      type: [JobFilterRef],
      description: 'At least one of these holds. An empty list matches nothing.',
    }),
    not: t.field({ type: JobFilterRef, description: 'This does not hold.' }),
    id: t.field({ type: IDFilterRef, description: 'By the id of the job.' }),
    name: t.field({ type: StringFilterRef, description: 'By the name of the job.' }),
    status: t.field({ type: JobStatusFilterRef, description: 'By where the job is in its life.' }),
    startedAt: t.field({ type: DateTimeFilterRef, description: 'By when the job was submitted.' }),
    finishedAt: t.field({ type: DateTimeFilterRef, description: 'By when the job ended.' }),
    scheduleId: t.field({ type: IDFilterRef, description: 'By the schedule that triggered the job.' }),
    workflowId: t.field({ type: IDFilterRef, description: 'By the workflow that the job is a step of.' }),
  }),
});
