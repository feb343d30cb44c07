import { type ApplicationError, helpFor } from '../domain/application-error.ts';
import { builder } from './builder.ts';

export const ApplicationErrorRef = builder.objectRef<ApplicationError>('ApplicationError').implement({
  description:
    'Why a job, or one item of it, failed: data about the job, not an error of this API (upstream: job.error, failure).',
  fields: (t) => ({
    code: t.exposeString('code', {
      description: 'For example WDH0003 or WDE0009. The set is open. Null when upstream gave none.',
    }),
    description: t.exposeString('description', {
      description: 'What went wrong, in the words of upstream.',
    }),
    data: t.expose('data', {
      type: 'JSONObject',
      description: 'Whatever upstream adds, for example the column at fault.',
    }),
    help: t.string({
      description:
        'What a known code means and what to do about it, in one sentence. Null for codes that are not known here.',
      resolve: helpFor,
    }),
  }),
});
