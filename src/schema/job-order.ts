import { builder } from './builder.ts';

const JobOrderFieldRef = builder.enumType('JobOrderField', {
  description: 'What jobs can be ordered by (upstream: QueryJobs).',
  values: {
    ID: { description: 'The id.' },
    NAME: { description: 'The name.' },
    STATUS: { description: 'The status.' },
    STARTED_AT: { description: 'When the job was submitted.' },
    FINISHED_AT: { description: 'When the job ended.' },
    SCHEDULE_ID: { description: 'The schedule that triggered the job.' },
    WORKFLOW_ID: { description: 'The workflow that the job is a step of.' },
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
      description: 'Which end comes first.',
    }),
  }),
});
