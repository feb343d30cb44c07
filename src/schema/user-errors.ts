import { GatewayError } from '../domain/gateway-error.ts';
import type { UserError } from '../domain/user-error.ts';
import { builder } from './builder.ts';

const UserErrorCodeRef = builder.enumType('UserErrorCode', {
  description: 'What kind of mistake a user error is.',
  values: {
    INVALID_INPUT: { description: 'A field of the input is not valid; `path` names it.' },
    NOT_FOUND: { description: 'There is nothing with this id.' },
    ALREADY_FINISHED: { description: 'The job had finished before; `job` shows it.' },
    REJECTED: { description: 'Upstream refused it, for the reason that `message` gives.' },
    CONFLICT: { description: 'The idempotencyKey was used for another input before.' },
  },
});

export const UserErrorRef = builder.objectRef<UserError>('UserError').implement({
  description:
    'What the person who filled the form can mend. Everything else is a GraphQL error with a code.',
  fields: (t) => ({
    message: t.exposeString('message', { nullable: false, description: 'What is wrong, in a sentence.' }),
    code: t.expose('code', { type: UserErrorCodeRef, nullable: false, description: 'The kind of mistake.' }),
    path: t.exposeStringList('path', {
      description:
        'The input field at fault, for example ["source", "file", "fileId"]. Null when it is the whole.',
    }),
  }),
});

/** The place in the input that a field of upstream's request stands for. */
export const toInputPath = (field: string): readonly string[] | null => {
  const names = field.split(/[.[\]]+/).filter((name) => name !== '');
  const [first] = names;
  if (first === undefined) return null;
  if (first === 'sourceSiteId' || first === 'destinationSiteId') return ['siteOverride', ...names];
  const isQuery = names[1] === 'wixDataCollection' && /^(filter|aggregation)Query$/.test(names[2] ?? '');
  return isQuery ? [...names.slice(0, 2), 'query', ...names.slice(2)] : names;
};

/** What upstream objects to in a write, for the person who filled the form; anything else is thrown on. */
export const userErrorsFrom = (error: unknown): readonly UserError[] => {
  if (!(error instanceof GatewayError) || error.rejection === null) throw error;
  const { violations, description, code } = error.rejection;
  if (violations.length > 0) {
    return violations.map(({ field, description: problem }) => ({
      code: 'INVALID_INPUT',
      path: toInputPath(field),
      message: field === '' ? problem : `${field}: ${problem}`,
    }));
  }
  const reason = [description, code === null ? null : `(${code})`].filter((part) => part !== null).join(' ');
  return [
    {
      code: 'REJECTED',
      path: null,
      message: reason === '' ? 'Wix refused this.' : `Wix refused this: ${reason}`,
    },
  ];
};
