import type { Collection } from '../collections/collection.ts';
import { readPath } from '../collections/field-path.ts';
import { coerce, fieldTypeOf } from '../collections/field-type.ts';
import { misfit } from '../collections/shape-item.ts';
import type { CollectionSource } from '../jobs/endpoint.ts';
import type { JobError } from '../jobs/job.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { createBudget } from '../pipeline/budget.ts';
import { compilePipeline } from '../pipeline/pipeline.ts';
import { type Column, columnOf, type OpenSource } from '../rows/row.ts';
import type { TakeTurns } from '../turns.ts';

type AggregationQuery = NonNullable<CollectionSource['aggregationQuery']>;

type ResultField = Column & { readonly type: ReturnType<typeof fieldTypeOf> };

const textOr = (value: JsonValue | undefined, otherwise: string): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

const readField = ({ key, displayName, fieldType }: JsonObject): ResultField => {
  const path = textOr(key, '');
  return { key: path, header: textOr(displayName, path), type: fieldTypeOf(textOr(fieldType, 'ANY')) };
};

/** Only the listed fields, in their types, each under its whole key. */
const project = (
  record: JsonObject,
  fields: readonly ResultField[],
): { readonly values: JsonObject } | { readonly failure: JobError } => {
  const entries: [string, JsonValue][] = [];
  for (const { key, type } of fields) {
    const value = readPath(record, key);
    if (value === undefined) continue;
    const coerced = coerce(type, value);
    if (coerced === undefined) return { failure: misfit(key, type, value) };
    entries.push([key, coerced]);
  }
  return { values: Object.fromEntries(entries) };
};

/** The whole pipeline runs before anything is moved: its last stage may depend on every item. */
export const openAggregationSource = async (
  collection: Collection,
  { aggregationPipeline, fields }: AggregationQuery,
  takeTurns: TakeTurns,
): Promise<OpenSource> => {
  let records: readonly JsonObject[] = collection.items();
  const charge = createBudget();
  for (const stage of compilePipeline(aggregationPipeline, 'aggregationPipeline')) {
    await takeTurns(records.length);
    records = stage(records, charge);
  }
  const wanted = fields.map(readField);
  const keys = (): readonly string[] => {
    const found = new Set<string>();
    for (const record of records) for (const key in record) found.add(key);
    return [...found];
  };
  return {
    total: records.length,
    columns: () => (wanted.length > 0 ? wanted : keys().map(columnOf)),
    rows: function* () {
      for (const [index, record] of records.entries()) {
        const { _id } = record;
        const sourceItemId = typeof _id === 'string' ? _id : String(index + 1);
        yield { sourceItemId, ...(wanted.length > 0 ? project(record, wanted) : { values: record }) };
      }
    },
  };
};
