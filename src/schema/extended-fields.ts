import type { ExtendedFields } from '../domain/job.ts';
import { isJsonObject } from '../domain/json.ts';
import { builder } from './builder.ts';

export const ExtendedFieldsRef = builder.objectRef<ExtendedFields>('ExtendedFields').implement({
  description: 'What apps keep with a job, in a namespace each (upstream: job.extendedFields).',
  fields: (t) => ({
    namespaces: t.expose('namespaces', {
      type: 'JSONObject',
      nullable: false,
      description: 'Every namespace the caller may see.',
    }),
    namespace: t.field({
      type: 'JSONObject',
      description: "The fields of one app's namespace. Null when there is none of that name.",
      args: {
        name: t.arg.string({ required: true, description: 'The namespace, for example @acme/data-tools.' }),
      },
      resolve: ({ namespaces }, { name }) => {
        const fields = Object.hasOwn(namespaces, name) ? namespaces[name] : null;
        return isJsonObject(fields) ? fields : null;
      },
    }),
  }),
});
