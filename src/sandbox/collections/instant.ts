import { isObject, type JsonValue } from '../json.ts';

const dateText = /^\d{4}-\d\d-\d\d$/;
const instantText = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

export const isDateText = (text: string): boolean => dateText.test(text);

/** Reads `YYYY-MM-DD` and ISO 8601 instants; null for anything else, and for the 31st of February. */
export const readInstant = (text: string): number | null => {
  if (!isDateText(text) && !instantText.test(text)) return null;
  const time = Date.parse(text);
  const day = Date.parse(text.slice(0, 10));
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  return isDay && !Number.isNaN(time) ? time : null;
};

/** The text inside `{"$date": text}`, as Wix Data writes an instant (CONTRACT 6); null for any other value. */
export const textOfDate = (value: JsonValue | undefined): string | null => {
  if (!isObject(value)) return null;
  const { $date } = value;
  return Object.keys(value).length === 1 && typeof $date === 'string' ? $date : null;
};
