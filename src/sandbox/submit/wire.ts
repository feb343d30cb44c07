import { z } from 'zod';
import type { JsonObject } from '../json.ts';

/** Absent, null and "" are three spellings of nothing (CONTRACT 4.1). */
const nothing = new Set<unknown>([undefined, null, '']);

export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (nothing.has(value) ? undefined : value), schema.optional());

export const listOf = <T extends z.ZodType>(member: T, most: number) =>
  z.preprocess((value) => value ?? [], z.array(member).max(most));

export const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);

export const jsonObjectOrEmpty = z.preprocess((value) => value ?? {}, jsonObject);

const mostLanguages = 64;

export const localization = z.object({
  languages: z
    .array(z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, 'is not a language tag such as en or pt-BR'))
    .min(2)
    .max(mostLanguages)
    .refine((languages) => new Set(languages).size === languages.length, 'has a language twice'),
});

export const collectionId = z.string().min(1).max(256);

export const fileFormat = z.enum(['UNKNOWN', 'CSV', 'JSONL']);

type Ends<C, L, F> = {
  readonly wixDataCollection?: C | undefined;
  readonly localization?: L | undefined;
  readonly file?: F | undefined;
};

/** The one variant an end has; none, two, and those of CONTRACT 5.3 are refused. */
export const exactlyOne = <C, L, F>(
  { wixDataCollection, localization, file }: Ends<C, L, F>,
  context: z.RefinementCtx,
): { wixDataCollection: C } | { localization: L } | { file: F } => {
  const given = [wixDataCollection, localization, file].filter((end) => end !== undefined);
  if (given.length === 1) {
    if (wixDataCollection !== undefined) return { wixDataCollection };
    if (localization !== undefined) return { localization };
    if (file !== undefined) return { file };
  }
  const message = 'must have exactly one of wixDataCollection, localization, file';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
};
