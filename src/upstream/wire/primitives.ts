import { z } from 'zod';
import { isWritable } from '../../domain/instant.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { structToJson } from './struct.ts';

/*
 * Absent, null and default are three spellings of "nothing" upstream, and some fields may come in protobuf's
 * wrapper shapes. Each primitive here reads all spellings into one normal form, null for nothing.
 */

/** `{"value": x}` stands for x, `{}` for nothing. Only for fields known to be wrapped: user data may hold a key `value` too. */
const unwrapped = (raw: unknown): unknown => {
  if (!isJsonObject(raw)) return raw;
  if ('value' in raw) return raw['value'];
  return Object.keys(raw).length === 0 ? null : raw;
};

export const text = z
  .string()
  .nullish()
  .transform((value) => value || null);

export const wrappedText = z.preprocess(unwrapped, text);

const digits = z
  .string()
  .regex(/^-?\d{1,16}$/)
  .transform(Number);

/** A whole number, also as a string of digits. Fractions are cut off: these count whole items or bytes. */
export const count = z
  .union([z.number(), digits, z.literal('')])
  .nullish()
  .transform((value) => (typeof value === 'number' ? Math.trunc(value) : null))
  .refine((value) => value === null || Number.isSafeInteger(value), 'too large for a whole number');

export const wrappedCount = z.preprocess(unwrapped, count);

const isoInstant = z.iso
  .datetime({ offset: true })
  .or(z.literal(''))
  .transform((value) => (value === '' ? null : new Date(value)));

const protobufInstant = z
  .object({ seconds: z.union([z.number(), digits]), nanos: z.union([z.number(), digits]).nullish() })
  .transform(({ seconds, nanos }) => new Date(seconds * 1000 + Math.floor((nanos ?? 0) / 1e6)));

export const instant = z.preprocess(
  unwrapped,
  z
    .union([isoInstant, protobufInstant])
    .nullish()
    .transform((value) => value ?? null)
    .refine((value) => value === null || isWritable(value), 'not an instant of the years 0 to 9999'),
);

export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

export const wrappedFlag = z.preprocess(unwrapped, z.boolean().nullish());

/** The name of an enumeration's value; protobuf writes values it has no name for as their number. */
export const enumName = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value || null);

/** A value of an open enumeration: names that this version does not know become UNRECOGNIZED. */
export const openEnum = <const Known extends readonly string[]>(known: Known) =>
  enumName.transform((value): Known[number] | 'UNRECOGNIZED' | null =>
    value === null ? null : (known.find((name) => name === value) ?? 'UNRECOGNIZED'),
  );

/** Deeper than any filter or Struct. Whoever walks such an object into itself must not run out of stack. */
const maxDepth = 500;

const isNoDeeperThan = (depth: number, value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  const within = (item: unknown) => isNoDeeperThan(depth - 1, item);
  return Array.isArray(value) ? value.every(within) : Object.values(value).every(within);
};

/** An object of the user's, kept as it is. */
export const userObject = z
  .custom<JsonObject>((value) => isJsonObject(value) && isNoDeeperThan(maxDepth, value))
  .or(z.literal(''))
  .nullish()
  .transform((value) => value || null);

/** The same where protobuf's Struct may stand for it. */
export const userStruct = userObject.transform((value) => (value === null ? null : structToJson(value)));

/** A list where upstream may leave it out. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
