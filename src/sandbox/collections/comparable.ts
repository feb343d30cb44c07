import { isList, isObject, type JsonValue } from '../json.ts';
import type { Scalar } from '../query/scalar.ts';
import { isDateText, readInstant, textOfDate } from './instant.ts';

const isoOf = (text: string): string => {
  const time = readInstant(text);
  return time === null ? text : new Date(time).toISOString();
};

/**
 * What filters and sorting see of a value. A date, an instant and `{"$date"}` become one spelling, so that any
 * of them can be compared with any other; lists and other objects become their JSON.
 */
export const comparableOf = (value: JsonValue | undefined): Scalar => {
  if (value === undefined) return null;
  if (typeof value === 'string') return isDateText(value) ? isoOf(value) : value;
  const date = textOfDate(value);
  if (date !== null) return isoOf(date);
  return isList(value) || isObject(value) ? JSON.stringify(value) : value;
};
