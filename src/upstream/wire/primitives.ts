import { z } from 'zod';
import { isWritable } from '../../domain/instant.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { structToJson } from './struct.ts';

/*
 * Absent, null and default are three spellings of "nothing" upstream, and some fields may come in protobuf's
 * wrapper shapes. Each primitive here reads all spellings into one normal form, null for nothing.
 */

const unreadable = Symbol('unreadable');
type Reading<Value> = Value | typeof unreadable;

/** One function reads a primitive: rows have dozens, and each union or step of a schema costs as much as all of it. */
const primitive = <Value>(expected: string, read: (raw: unknown) => Reading<Value>) =>
  z
    .unknown()
    .optional()
    .transform((raw, context): Value => {
      const value = read(raw);
      if (value !== unreadable) return value;
      context.addIssue({ code: 'custom', message: `expected ${expected}` });
      return z.NEVER;
    });

/** `{"value": x}` stands for x, `{}` for nothing. Only for fields known to be wrapped: user data may hold a key `value` too. */
const unwrapped = (raw: unknown): unknown => {
  if (!isJsonObject(raw)) return raw;
  if ('value' in raw) return raw['value'];
  return Object.keys(raw).length === 0 ? null : raw;
};

const readText = (raw: unknown): Reading<string | null> => {
  if (typeof raw === 'string') return raw || null;
  return raw === undefined || raw === null ? null : unreadable;
};

export const text = primitive('text', readText);

export const wrappedText = primitive('text', (raw) => readText(unwrapped(raw)));

const digits = /^-?\d{1,16}$/;

const readNumber = (raw: unknown): Reading<number | null> => {
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw : unreadable;
  if (raw === undefined || raw === null || raw === '') return null;
  return typeof raw === 'string' && digits.test(raw) ? Number(raw) : unreadable;
};

const readCount = (raw: unknown): Reading<number | null> => {
  const number = readNumber(raw);
  if (number === null || number === unreadable) return number;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole : unreadable;
};

/** A whole number, also as a string of digits. Fractions are cut off: these count whole items or bytes. */
export const count = primitive('a whole number below 2^53', readCount);

export const wrappedCount = primitive('a whole number below 2^53', (raw) => readCount(unwrapped(raw)));

const isoInstant = z.iso.datetime({ offset: true });
/** What upstream nearly always sends, without the cost of asking for all that it might. */
const usualInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;

const readInstantText = (raw: string): Reading<Date> => {
  const instant = new Date(raw);
  // a day that a month has not is moved on by Date, and refused by the calendar
  const isUsual = usualInstant.test(raw) && instant.getUTCDate() === Number(raw.slice(8, 10));
  return isUsual || isoInstant.safeParse(raw).success ? instant : unreadable;
};

const readInstant = (raw: unknown): Reading<Date | null> => {
  if (typeof raw === 'string') return raw === '' ? null : readInstantText(raw);
  if (raw === undefined || raw === null) return null;
  if (!isJsonObject(raw)) return unreadable;
  // protobuf's Timestamp
  const seconds = raw['seconds'] === '' ? unreadable : readNumber(raw['seconds']);
  const nanos = raw['nanos'] === '' ? unreadable : readNumber(raw['nanos']);
  if (seconds === unreadable || seconds === null || nanos === unreadable) return unreadable;
  return new Date(seconds * 1000 + Math.floor((nanos ?? 0) / 1e6));
};

export const instant = primitive('an instant of the years 0 to 9999', (raw) => {
  const value = readInstant(unwrapped(raw));
  return value instanceof Date && !isWritable(value) ? unreadable : value;
});

export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

export const wrappedFlag = z.preprocess(unwrapped, z.boolean().nullish());

const readEnumName = (raw: unknown): Reading<string | null> =>
  typeof raw === 'number' && Number.isFinite(raw) ? String(raw) : readText(raw);

/** The name of an enumeration's value; protobuf writes values it has no name for as their number. */
export const enumName = primitive('the name of a value', readEnumName);

/** A value of an open enumeration: names that this version does not know become UNRECOGNIZED. */
export const openEnum = <const Known extends readonly string[]>(known: Known) =>
  primitive('the name of a value', (raw): Reading<Known[number] | 'UNRECOGNIZED' | null> => {
    const name = readEnumName(raw);
    if (name === null || name === unreadable) return name;
    return known.find((each) => each === name) ?? 'UNRECOGNIZED';
  });

/** Deeper than any filter or Struct. Whoever walks such an object into itself must not run out of stack. */
const maxDepth = 500;

const isNoDeeperThan = (depth: number, value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isNoDeeperThan(depth - 1, item)) return false;
    return true;
  }
  // rows of JSON.parse have no inherited keys
  for (const key in value) if (!isNoDeeperThan(depth - 1, (value as JsonObject)[key])) return false;
  return true;
};

const readUserObject = (raw: unknown): Reading<JsonObject | null> => {
  if (raw === undefined || raw === null || raw === '') return null;
  return isJsonObject(raw) && isNoDeeperThan(maxDepth, raw) ? raw : unreadable;
};

/** An object of the user's, kept as it is. */
export const userObject = primitive(`an object no deeper than ${maxDepth}`, readUserObject);

/** The same where protobuf's Struct may stand for it. */
export const userStruct = primitive(`an object no deeper than ${maxDepth}`, (raw) => {
  const object = readUserObject(raw);
  return object === null || object === unreadable ? object : structToJson(object);
});

/** A list where upstream may leave it out. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
