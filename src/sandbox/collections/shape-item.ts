import { randomUUID } from 'node:crypto';
import { excerptOf } from '../excerpt.ts';
import type { JobError } from '../jobs/job.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { coerce, expectationOf, type FieldType } from './field-type.ts';
import type { Item } from './item.ts';

export type FieldTypes = ReadonlyMap<string, FieldType>;

/** Long enough to recognise a value by. */
const excerptLength = 100;

export const misfit = (column: string, type: FieldType, value: JsonValue): JobError => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    code: 'WDH0003',
    description: `Column "${column}" does not hold ${expectationOf(type)}.`,
    data: { column, value: excerptOf(text, excerptLength) },
  };
};

/** Declared fields in their types, the others as they are, and an id; or why that cannot be. */
export const shapeItem = (
  fields: FieldTypes,
  values: JsonObject,
): { readonly item: Item } | { readonly failure: JobError } => {
  const shaped: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const type = name === '_id' ? 'STRING' : (fields.get(name) ?? 'ANY');
    const coerced = coerce(type, value);
    if (coerced === undefined) return { failure: misfit(name, type, value) };
    shaped.push([name, coerced]);
  }
  const item: JsonObject = Object.fromEntries(shaped);
  const id = item['_id'];
  return { item: { ...item, _id: typeof id === 'string' && id !== '' ? id : randomUUID() } };
};
