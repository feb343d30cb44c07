import type { Collection } from '../collections/collection.ts';
import { readPath } from '../collections/field-path.ts';
import { sourceFilter } from '../collections/source-filter.ts';
import type { CollectionSource } from '../jobs/endpoint.ts';
import type { JsonObject } from '../json.ts';
import { type Column, columnOf, type OpenSource } from '../rows/row.ts';
import type { TakeTurns } from '../turns.ts';

const pick = (item: JsonObject, fields: readonly string[]): JsonObject =>
  Object.fromEntries(fields.map((field) => [field, readPath(item, field)]));

/** The id, the declared fields, and what else the items have. */
const columnsOf = ({ fields }: Collection, items: readonly JsonObject[]): readonly Column[] => {
  const keys = new Set(['_id', ...fields.keys()]);
  for (const item of items) for (const key in item) keys.add(key);
  return [...keys].map(columnOf);
};

/** What the collection holds at this moment, filtered and reduced to the wanted fields. */
export const openCollectionSource = async (
  collection: Collection,
  { filterQuery, filter = {}, fields = [] }: CollectionSource,
  takeTurns: TakeTurns,
): Promise<OpenSource> => {
  const query = filterQuery ?? { filter, fields };
  const matches = sourceFilter(query.filter);
  const items: (JsonObject & { _id: string })[] = [];
  for (const item of collection.items()) {
    if (matches(item)) items.push(item);
    await takeTurns();
  }
  const wanted = query.fields;
  return {
    total: items.length,
    columns: () => (wanted.length > 0 ? wanted.map(columnOf) : columnsOf(collection, items)),
    rows: function* () {
      for (const item of items) {
        yield { sourceItemId: item._id, values: wanted.length > 0 ? pick(item, wanted) : item };
      }
    },
  };
};
