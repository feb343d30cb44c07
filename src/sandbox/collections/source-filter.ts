import { notValid } from '../jobs/job-fault.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { FilterFault, type Predicate } from '../query/filter.ts';
import { compileItemFilter } from './item-filter.ts';

/** The filter of a job's source; a bad one fails the job. */
export const sourceFilter = (filter: JsonValue): Predicate<JsonObject> => {
  try {
    return compileItemFilter(filter);
  } catch (error) {
    throw error instanceof FilterFault ? notValid(error.message) : error;
  }
};
