import { z } from 'zod';
import type { WritePolicy } from '../domain/destination.ts';
import { isGuid } from '../domain/guid.ts';
import { isJsonObject } from '../domain/json.ts';
import type { NewJob } from '../domain/new-job.ts';
import { type CollectionQuery, type FieldType, type FileFormat, fieldTypes } from '../domain/source.ts';
import type { UserError } from '../domain/user-error.ts';

/*
 * What the type system of GraphQL cannot say of a new job. The shapes are those of SubmitJobInput, so that a
 * problem's path is a path into the input.
 */

const atMost = (max: number) => z.string().max(max, `is longer than ${max} characters`);
const textOf = (min: number, max: number) => atMost(max).min(min, 'must not be empty');
const jsonObject = z.custom<Readonly<Record<string, never>>>(isJsonObject, 'must be a JSON object').nullish();

const languageTag = z
  .string()
  .regex(
    /^[a-z]{2}(-[a-z]{2})?$/i,
    'is not a language tag such as en or pt-BR (ISO 639-1, optionally with a country)',
  );
const localization = z.object({
  languages: z
    .array(languageTag)
    .min(2, 'needs at least 2 languages, the first one the main language')
    .max(64, 'has more than 64 languages'),
});

const format = z
  .string()
  .refine(
    (name): name is Extract<FileFormat, 'CSV' | 'JSONL'> => name === 'CSV' || name === 'JSONL',
    'must be CSV or JSONL',
  );
const fieldType = z
  .string()
  .transform((name) => fieldTypes.find((known) => known === name) ?? 'UNRECOGNIZED')
  .refine((type: FieldType) => type !== 'UNRECOGNIZED', 'is not a type that can be asked for');
const writePolicy = z
  .string()
  .refine(
    (name): name is Exclude<WritePolicy, 'UNRECOGNIZED'> =>
      ['OVERWRITE', 'SKIP_EXISTING', 'TRUNCATE_BEFORE'].includes(name),
    'is not a policy that can be asked for',
  );

const collectionId = textOf(1, 256);
const maxFields = 1000;
const tooManyFields = `has more than ${maxFields} entries`;

const query = z.object({
  filterQuery: z
    .object({ filter: jsonObject, fields: z.array(z.string()).max(maxFields, tooManyFields).nullish() })
    .nullish(),
  aggregationQuery: z
    .object({
      aggregationPipeline: jsonObject,
      fields: z
        .array(
          z.object({
            key: textOf(1, 1024),
            displayName: atMost(1024).nullish(),
            fieldType: fieldType.nullish(),
          }),
        )
        .max(maxFields, tooManyFields)
        .nullish(),
    })
    .nullish(),
});

const siteId = z.string().refine(isGuid, 'is not a GUID');

const submitJobInput = z
  .object({
    name: atMost(1024).nullish(),
    source: z.object({
      wixDataCollection: z.object({ collectionId, query: query.nullish() }).nullish(),
      localization: localization.nullish(),
      file: z.object({ fileId: textOf(1, 512), format: format.nullish() }).nullish(),
    }),
    destination: z.object({
      wixDataCollection: z.object({ collectionId, writePolicy: writePolicy.nullish() }).nullish(),
      localization: localization.nullish(),
      file: z.object({ format, fileName: atMost(512).nullish() }).nullish(),
    }),
    siteOverride: z.object({ sourceSiteId: siteId.nullish(), destinationSiteId: siteId.nullish() }).nullish(),
    idempotencyKey: textOf(1, 1024).nullish(),
  })
  .superRefine(({ source, destination, siteOverride }, context) => {
    const refuse = (member: string, end: string) =>
      context.addIssue({
        code: 'custom',
        path: ['siteOverride', member],
        message: `needs a collection as the ${end}: only collections can be on another site`,
      });
    if (siteOverride?.sourceSiteId && !source.wixDataCollection) refuse('sourceSiteId', 'source');
    if (siteOverride?.destinationSiteId && !destination.wixDataCollection)
      refuse('destinationSiteId', 'destination');
  });

type Input = z.output<typeof submitJobInput>;

const queryOf = (given: z.output<typeof query> | null | undefined): CollectionQuery | null => {
  if (given?.filterQuery) {
    const { filter, fields } = given.filterQuery;
    return { kind: 'filter', filter: filter ?? null, fields: fields ?? [] };
  }
  if (!given?.aggregationQuery) return null;
  const { aggregationPipeline, fields } = given.aggregationQuery;
  return {
    kind: 'aggregation',
    aggregationPipeline: aggregationPipeline ?? null,
    fields: (fields ?? []).map(({ key, displayName, fieldType }) => ({
      key,
      displayName: displayName || null,
      fieldType: fieldType ?? 'ANY',
    })),
  };
};

const sourceOf = ({ wixDataCollection, localization, file }: Input['source']): NewJob['source'] | null => {
  if (wixDataCollection) {
    const { collectionId, query } = wixDataCollection;
    return { kind: 'collection', collectionId, query: queryOf(query) };
  }
  if (localization) return { kind: 'localization', languages: localization.languages };
  return file ? { kind: 'file', fileId: file.fileId, format: file.format ?? null, url: null } : null;
};

const destinationOf = ({
  wixDataCollection,
  localization,
  file,
}: Input['destination']): NewJob['destination'] | null => {
  if (wixDataCollection) {
    const { collectionId, writePolicy } = wixDataCollection;
    return { kind: 'collection', collectionId, writePolicy: writePolicy ?? 'OVERWRITE' };
  }
  if (localization) return { kind: 'localization', languages: localization.languages };
  return file ? { kind: 'file', format: file.format, fileName: file.fileName || null, url: null } : null;
};

export type CheckedJob =
  | { readonly job: NewJob; readonly idempotencyKey: string | null; readonly userErrors: readonly [] }
  | { readonly job: null; readonly userErrors: readonly UserError[] };

/** The job that an input describes, or everything that is wrong with it. */
export const checkSubmitJob = (input: unknown): CheckedJob => {
  const parsed = submitJobInput.safeParse(input);
  if (!parsed.success) {
    const userErrors = parsed.error.issues.map(({ path, message }): UserError => {
      const names = path.map(String);
      return { code: 'INVALID_INPUT', path: names, message: `${names.join('.')} ${message}.` };
    });
    return { job: null, userErrors };
  }
  const { name, siteOverride, idempotencyKey } = parsed.data;
  const source = sourceOf(parsed.data.source);
  const destination = destinationOf(parsed.data.destination);
  if (source === null || destination === null) throw new Error('@oneOf let an input without a member pass.');
  return {
    job: {
      name: name || null,
      source,
      destination,
      sourceSiteId: siteOverride?.sourceSiteId ?? null,
      destinationSiteId: siteOverride?.destinationSiteId ?? null,
    },
    idempotencyKey: idempotencyKey ?? null,
    userErrors: [],
  };
};
