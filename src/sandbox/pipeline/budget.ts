import { notValid } from '../jobs/job-fault.ts';
import type { JsonValue } from '../json.ts';

/** Charges a value with all that is in it; throws a JobFault once a pipeline has made more than fits in memory. */
export type Charge = (value: JsonValue) => void;

/** About as many bytes; ten such pipelines at once fit in the memory of a usual process. */
const mostMade = 128 * 1024 * 1024;
const weightOfMember = 8;

/**
 * What a few small stages make of a few records can be any size: lists unwound against each other, texts joined with
 * themselves. What is shared counts each time, for it is written out each time. One budget is for one run.
 */
export const createBudget = (): Charge => {
  let left = mostMade;
  const charge: Charge = (value) => {
    left -= weightOfMember + (typeof value === 'string' ? value.length : 0);
    if (left < 0) throw notValid('The pipeline makes more than the sandbox can hold.');
    if (typeof value === 'object' && value !== null) {
      for (const member of Object.values(value)) charge(member ?? null);
    }
  };
  return charge;
};
