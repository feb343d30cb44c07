import { invalid } from '../http/failure.ts';
import { isList, isObject, type JsonValue } from '../json.ts';
import type { Operation } from '../operation.ts';
import { decodeCursor, unreadableCursor } from '../query/cursor.ts';
import { compileFilter, FilterFault, type Predicate } from '../query/filter.ts';
import type { Place } from '../query/page.ts';
import { isScalar } from '../query/scalar.ts';
import type { Position, SortEntry } from '../query/sort.ts';
import type { Job } from './job.ts';
import { isSortableJobField, jobFilterField } from './job-fields.ts';

/** A way through the jobs: which ones, in which order, and where it stands (null at its beginning). */
export type JobWalk = {
  readonly filter: JsonValue;
  readonly matches: Predicate<Job>;
  readonly sort: readonly SortEntry[];
  readonly place: Place<Position> | null;
};

const mostSortEntries = 5;
const longestFieldName = 512;

const readFilter = (filter: JsonValue): Predicate<Job> => {
  try {
    return compileFilter(filter, jobFilterField);
  } catch (error) {
    if (error instanceof FilterFault) throw invalid({ field: 'query.filter', description: error.message });
    throw error;
  }
};

const readSortEntry = (raw: JsonValue, index: number): SortEntry => {
  const field = `query.sort[${index}]`;
  if (!isObject(raw)) throw invalid({ field, description: 'must be an object' });
  const { fieldName, order = 'ASC' } = raw;
  if (
    typeof fieldName !== 'string' ||
    fieldName.length > longestFieldName ||
    !isSortableJobField(fieldName)
  ) {
    const description = `Field '${String(fieldName).slice(0, longestFieldName)}' is not declared as sortable`;
    throw invalid({ field: 'query.sort', description });
  }
  if (order !== 'ASC' && order !== 'DESC') {
    throw invalid({ field: `${field}.order`, description: 'must be ASC or DESC' });
  }
  return { fieldName, order };
};

const readSort = (raw: JsonValue): readonly SortEntry[] => {
  if (!isList(raw)) throw invalid({ field: 'query.sort', description: 'must be a list' });
  if (raw.length > mostSortEntries) {
    const description = `size must be at most ${mostSortEntries}`;
    throw invalid({
      field: 'query.sort',
      description,
      violatedRule: 'MAX_SIZE',
      data: { threshold: mostSortEntries },
    });
  }
  return raw.map(readSortEntry);
};

export const startWalk = (filter: JsonValue, sort: JsonValue): JobWalk => ({
  filter,
  matches: readFilter(filter),
  sort: readSort(sort),
  place: null,
});

export const resumeWalk = (operation: Operation, cursor: string, field: string): JobWalk => {
  const { filter = null, sort = null, direction, position = null } = decodeCursor(operation, cursor, field);
  const walk = startWalk(filter, sort);
  const isPosition = isList(position) && position.length === walk.sort.length + 1 && position.every(isScalar);
  if (!isPosition || (direction !== 'next' && direction !== 'prev')) throw unreadableCursor(field);
  return { ...walk, place: { direction, position } };
};
