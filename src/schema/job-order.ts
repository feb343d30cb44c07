import { builder } from './builder.ts';

const JobOrderFieldRef = builder.enumType('JobOrderField', {
  description: 'What jobs can be ordered by (upstream: QueryJobs).',
  values: {
    ID: { description: 'By id, which sorts jobs the same way every time.' },
    NAME: { description: 'By name; jobs without one stay together.' },
    STATUS: { description: 'By status; jobs of one status stay together.' },
    STARTED_AT: { description: 'By when the job was submitted.' },
    FINISHED_AT: { description: 'By when the job ended; unfinished jobs stay together.' },
    SCHEDULE_ID: { description: 'By the schedule that triggered the job.' },
    WORKFLOW_ID: { description: 'By the workflow that the job is a step of.' },
  },
});

const OrderDirectionRef = builder.enumType('OrderDirection', {
  description: 'Which end comes first.',
  values: {
    ASC: { description: 'The smallest or oldest first.' },
    DESC: { description: 'The largest or newest first.' },
  },
});

export const JobOrderRef = builder.inputType('JobOrder', {
  description: 'One key to order jobs by.',
  fields: (t) => ({
    field: t.field({ type: JobOrderFieldRef, required: true, description: 'What to order by.' }),
    direction: t.field({
      type: OrderDirectionRef,
      required: true,
      defaultValue: 'DESC',
      description: 'The newest or largest first unless said otherwise.',
    }),
  }),
});
