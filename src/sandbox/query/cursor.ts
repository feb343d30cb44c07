import { type ApiFailure, invalid } from '../http/failure.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import type { Operation } from '../operation.ts';

export const longestCursor = 16_000;

export const unreadableCursor = (field: string): ApiFailure =>
  invalid({ field, description: 'The cursor cannot be read' });

/** A cursor belongs to the operation that gave it and carries all that the walk needs. */
export const encodeCursor = (operation: Operation, content: JsonObject): string => {
  const cursor = Buffer.from(JSON.stringify({ operation, ...content })).toString('base64url');
  if (cursor.length > longestCursor) {
    throw invalid({ field: 'query.filter', description: 'The filter is too large for a cursor to carry' });
  }
  return cursor;
};

export const decodeCursor = (operation: Operation, cursor: string, field: string): JsonObject => {
  try {
    const content = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (isObject(content) && content['operation'] === operation) return content;
  } catch {
    // Not JSON: said below.
  }
  throw unreadableCursor(field);
};
