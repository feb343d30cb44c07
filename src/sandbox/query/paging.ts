import { invalid } from '../http/failure.ts';
import { isObject, type JsonValue } from '../json.ts';
import { longestCursor } from './cursor.ts';

const largestPage = 100;
const usualPage = 50;

export type Paging = { readonly limit: number; readonly cursor: string | null };

/** Protobuf JSON allows digits in quotes for a number, and a dotted GET has nothing else. */
const readLimit = (raw: JsonValue | undefined, field: string): number => {
  const limit = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : (raw ?? 0);
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0) {
    throw invalid({ field, description: 'must be a whole number' });
  }
  if (limit > largestPage) {
    const description = `must be at most ${largestPage}`;
    throw invalid({ field, description, violatedRule: 'MAX', data: { threshold: largestPage } });
  }
  return limit === 0 ? usualPage : limit;
};

const readCursorText = (raw: JsonValue | undefined, field: string): string | null => {
  if (raw === undefined || raw === null || raw === '') return null;
  if (typeof raw !== 'string') throw invalid({ field, description: 'must be a text' });
  if (raw.length > longestCursor) {
    const description = `size must be at most ${longestCursor}`;
    throw invalid({ field, description, violatedRule: 'MAX_LENGTH', data: { threshold: longestCursor } });
  }
  return raw;
};

export const readPaging = (raw: JsonValue | undefined, field: string): Paging => {
  if (raw === undefined || raw === null) return { limit: usualPage, cursor: null };
  if (!isObject(raw)) throw invalid({ field, description: 'must be an object' });
  return {
    limit: readLimit(raw['limit'], `${field}.limit`),
    cursor: readCursorText(raw['cursor'], `${field}.cursor`),
  };
};
