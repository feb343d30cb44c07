import { isList, isObject, type JsonValue, parseJson } from '../json.ts';
import { readInstant, textOfDate } from './instant.ts';

/** Those of upstream's field types (CONTRACT 6) that say how a value is held; the others are texts. */
export type FieldType = 'ANY' | 'STRING' | 'NUMBER' | 'BOOLEAN' | 'DATE' | 'DATETIME' | 'ARRAY' | 'OBJECT';

type Coercion = {
  /** Undefined: the value does not fit. */
  readonly read: (value: JsonValue) => JsonValue | undefined;
  readonly expected: string;
};

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const readNumber = (value: JsonValue): number | undefined => {
  const text = typeof value === 'string' ? value.trim() : '';
  const written = decimal.test(text) ? Number(text) : Number.NaN;
  // JSON's 1e999 is read as Infinity, which cannot be written again.
  const number = typeof value === 'number' ? value : written;
  return Number.isFinite(number) ? number : undefined;
};

const truthValues = new Map<JsonValue, boolean>([
  ['true', true],
  ['1', true],
  [1, true],
  ['false', false],
  ['0', false],
  [0, false],
]);

const readBoolean = (value: JsonValue): boolean | undefined =>
  typeof value === 'boolean'
    ? value
    : truthValues.get(typeof value === 'string' ? value.trim().toLowerCase() : value);

const readTime = (value: JsonValue): number | undefined => {
  const text = typeof value === 'string' ? value : textOfDate(value);
  return text === null ? undefined : (readInstant(text.trim()) ?? undefined);
};

const readDate = (value: JsonValue): JsonValue | undefined => {
  const time = readTime(value);
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 10);
};

const readDateTime = (value: JsonValue): JsonValue | undefined => {
  const time = readTime(value);
  return time === undefined ? undefined : { $date: new Date(time).toISOString() };
};

const readText = (value: JsonValue): string | undefined =>
  isList(value) || isObject(value) ? undefined : String(value);

/** Of a list or an object a CSV cell holds the JSON. */
const fromJson = (value: JsonValue): JsonValue | undefined => {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
};

const readList = (value: JsonValue): JsonValue | undefined => {
  const read = fromJson(value);
  return isList(read) ? read : undefined;
};

const readObject = (value: JsonValue): JsonValue | undefined => {
  const read = fromJson(value);
  return isObject(read) ? read : undefined;
};

const coercions: Readonly<Record<FieldType, Coercion>> = {
  ANY: { read: (value) => value, expected: 'a value' },
  STRING: { read: readText, expected: 'a text' },
  NUMBER: { read: readNumber, expected: 'a number' },
  BOOLEAN: { read: readBoolean, expected: 'true or false' },
  DATE: { read: readDate, expected: 'a date' },
  DATETIME: { read: readDateTime, expected: 'a date and time' },
  ARRAY: { read: readList, expected: 'a JSON list' },
  OBJECT: { read: readObject, expected: 'a JSON object' },
};

/** Makes a value one of the type; null, which is of any type, stays. Undefined: it cannot be one. */
export const coerce = (type: FieldType, value: JsonValue): JsonValue | undefined =>
  value === null ? null : coercions[type].read(value);

export const expectationOf = (type: FieldType): string => coercions[type].expected;

export const fieldTypeOf = (name: string): FieldType => {
  const known = Object.keys(coercions).find((type): type is FieldType => type === name);
  return known ?? 'STRING';
};
