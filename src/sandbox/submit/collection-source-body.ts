import { z } from 'zod';
import type { CollectionSource } from '../jobs/endpoint.ts';
import { JobFault } from '../jobs/job-fault.ts';
import type { JsonObject } from '../json.ts';
import { compilePipeline } from '../pipeline/pipeline.ts';
import { ShapeFault } from '../pipeline/shape-fault.ts';
import { collectionId, jsonObject, jsonObjectOrEmpty, listOf, optional } from './wire.ts';

const mostFields = 1000;
const longestKey = 1024;

const filterQuery = z.object({
  filter: jsonObjectOrEmpty,
  fields: listOf(z.string(), mostFields),
});

const resultField = jsonObject.superRefine((field, context) => {
  for (const name of ['key', 'displayName']) {
    const text = field[name] ?? '';
    if (typeof text !== 'string' || text.length > longestKey) {
      const message = `must be a text of at most ${longestKey} characters`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  }
});

/** Null where the pipeline is of the documented shape; whether it is supported is for the job to find out. */
const shapeFaultOf = (pipeline: JsonObject): ShapeFault | null => {
  try {
    compilePipeline(pipeline, 'aggregationPipeline');
    return null;
  } catch (error) {
    if (error instanceof ShapeFault) return error;
    if (error instanceof JobFault) return null;
    throw error;
  }
};

const aggregationQuery = z
  .object({ aggregationPipeline: jsonObject, fields: listOf(resultField, mostFields) })
  .superRefine(({ aggregationPipeline }, context) => {
    const fault = shapeFaultOf(aggregationPipeline);
    if (fault !== null) context.addIssue({ code: 'custom', path: [fault.field], message: fault.message });
  });

const isEmpty = (value: object | undefined): boolean =>
  value === undefined || Object.keys(value).length === 0;

export const collectionSource = z
  .object({
    collectionId,
    filterQuery: optional(filterQuery),
    aggregationQuery: optional(aggregationQuery),
    filter: optional(jsonObject),
    fields: optional(z.array(z.string()).max(mostFields)),
  })
  .refine((source) => !source.filterQuery || !source.aggregationQuery, {
    message: 'must have at most one of filterQuery, aggregationQuery',
  })
  // The SDK's types promise fields: [] beside a filterQuery; only a pair that says something is refused.
  .refine(
    ({ filterQuery, aggregationQuery, filter, fields }) =>
      (!filterQuery && !aggregationQuery) || (isEmpty(filter) && isEmpty(fields)),
    { message: 'The deprecated filter and fields cannot be sent beside filterQuery or aggregationQuery' },
  )
  .transform(
    ({ collectionId, filterQuery, aggregationQuery, filter, fields }): CollectionSource => ({
      collectionId,
      ...(filterQuery && { filterQuery }),
      ...(aggregationQuery && { aggregationQuery }),
      ...(filter && !isEmpty(filter) && { filter }),
      ...(fields && !isEmpty(fields) && { fields }),
    }),
  );
