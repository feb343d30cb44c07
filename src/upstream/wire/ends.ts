import { z } from 'zod';
import { type Destination, type WritePolicy, writePolicies } from '../../domain/destination.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import {
  type CollectionQuery,
  type FieldType,
  fieldTypes,
  fileFormats,
  type Source,
  type UnsupportedEnd,
} from '../../domain/source.ts';
import { listOf, openEnum, text, userObject, userStruct, wrappedText } from './primitives.ts';

const fileFormat = openEnum(fileFormats);

const exportField = z
  .object({ key: text, displayName: text, fieldType: openEnum(fieldTypes) })
  .transform(({ key, displayName, fieldType }) => ({
    key: key ?? '',
    displayName,
    fieldType: fieldType ?? ('ANY' satisfies FieldType),
  }));

const saysSomething = (query: CollectionQuery): boolean => {
  const conditions = query.kind === 'filter' ? query.filter : query.aggregationPipeline;
  return query.fields.length > 0 || (conditions !== null && Object.keys(conditions).length > 0);
};

/** Only one of the three can be meant: others may be there with nothing but defaults. */
const firstThatSays = (queries: readonly (CollectionQuery | null)[]): CollectionQuery | null => {
  const given = queries.filter((query) => query !== null);
  return given.find(saysSomething) ?? given[0] ?? null;
};

const collectionSource = z
  .object({
    collectionId: text,
    filterQuery: z.object({ filter: userStruct, fields: listOf(z.string()) }).nullish(),
    aggregationQuery: z.object({ aggregationPipeline: userObject, fields: listOf(exportField) }).nullish(),
    // deprecated spelling of filterQuery; upstream sends `fields: []` here by default
    filter: userStruct,
    fields: listOf(z.string()),
  })
  .transform(
    ({ collectionId, filterQuery, aggregationQuery, filter, fields }): Source => ({
      kind: 'collection',
      collectionId: collectionId ?? '',
      query: firstThatSays([
        filterQuery ? { kind: 'filter', ...filterQuery } : null,
        aggregationQuery ? { kind: 'aggregation', ...aggregationQuery } : null,
        filter === null && fields.length === 0 ? null : { kind: 'filter', filter, fields },
      ]),
    }),
  );

const localization = z
  .object({ languages: listOf(z.string()) })
  .transform(({ languages }) => ({ kind: 'localization' as const, languages }));

const fileSource = z
  .object({ format: fileFormat, fileId: text, url: text })
  .transform((file): Source => ({ kind: 'file', ...file }));

const collectionDestination = z
  .object({ collectionId: text, writePolicy: openEnum(writePolicies) })
  .transform(
    ({ collectionId, writePolicy }): Destination => ({
      kind: 'collection',
      collectionId: collectionId ?? '',
      writePolicy: writePolicy ?? ('OVERWRITE' satisfies WritePolicy),
    }),
  );

const fileDestination = z
  .object({ format: fileFormat, fileName: wrappedText, url: text })
  .transform((file): Destination => ({ kind: 'file', ...file }));

const unsupported = (end: JsonObject): UnsupportedEnd | null => {
  const members = Object.entries(end).filter(([, value]) => value !== null);
  // beside the kind there may be plain settings of its
  const member = members.find(([, value]) => isJsonObject(value)) ?? members[0];
  if (member === undefined) return null;
  const [name, details] = member;
  return { kind: 'unsupported', name, details: isJsonObject(details) ? details : { [name]: details } };
};

/** Exactly one member says what kind of end it is; kinds of a later upstream become `unsupported`. */
const oneOf = <End>(kinds: Readonly<Record<string, z.ZodType<End>>>) =>
  userObject.transform((end, context): End | UnsupportedEnd | null => {
    if (end === null) return null;
    const kind = Object.keys(kinds).find((name) => end[name] !== undefined && end[name] !== null);
    const schema = kind === undefined ? undefined : kinds[kind];
    if (kind === undefined || schema === undefined) return unsupported(end);
    const decoded = schema.safeParse(end[kind]);
    if (decoded.success) return decoded.data;
    for (const { message, path } of decoded.error.issues) {
      context.addIssue({ code: 'custom', message, path: [kind, ...path] });
    }
    return z.NEVER;
  });

export const source = oneOf<Source>({
  wixDataCollection: z.compile(collectionSource),
  localization: z.compile(localization),
  file: z.compile(fileSource),
});

export const destination = oneOf<Destination>({
  wixDataCollection: z.compile(collectionDestination),
  localization: z.compile(localization),
  file: z.compile(fileDestination),
});
