import { textOfDate } from '../collections/instant.ts';
import { isList, isObject, type JsonValue } from '../json.ts';

/**
 * A value in a CSV cell: texts as they are, numbers and truth values as in JSON, dates and instants in ISO 8601,
 * lists and objects as their JSON. A declared field is read back as the same value; nothing and "" are both empty.
 */
export const cellOf = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return '';
  const date = textOfDate(value);
  if (date !== null) return date;
  return isList(value) || isObject(value) ? JSON.stringify(value) : String(value);
};
