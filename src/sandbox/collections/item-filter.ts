import { isList, isObject, type JsonObject, type JsonValue } from '../json.ts';
import { compileFilter, type FieldLookup, FilterFault, type Predicate } from '../query/filter.ts';
import type { Scalar } from '../query/scalar.ts';
import { comparableOf } from './comparable.ts';
import { readPath } from './field-path.ts';
import { textOfDate } from './instant.ts';

const operand = (raw: JsonValue): Scalar | undefined =>
  isList(raw) || (isObject(raw) && textOfDate(raw) === null) ? undefined : comparableOf(raw);

/** `$date` is how an instant is written, not an operator. */
const withoutDates = (condition: JsonValue): JsonValue =>
  textOfDate(condition) === null ? condition : comparableOf(condition);

const spell = (filter: JsonValue): JsonValue => {
  if (isList(filter)) return filter.map(spell);
  if (!isObject(filter)) return filter;
  return Object.fromEntries(
    Object.entries(filter).map(([key, value = null]) => [
      key,
      key.startsWith('$') ? spell(value) : withoutDates(value),
    ]),
  );
};

/** Any field of an item can be filtered by, and any operator is tried. */
const itemField: FieldLookup<JsonObject> = (name) => {
  if (name.startsWith('$')) throw new FilterFault(`Unknown operator '${name}'`);
  return {
    operand,
    allows: () => true,
    read: (item) => {
      const value = readPath(item, name);
      return isList(value) ? value.map(comparableOf) : comparableOf(value);
    },
  };
};

/** A filter of the language of CONTRACT 10.2 over the fields of items; throws a FilterFault. */
export const compileItemFilter = (filter: JsonValue): Predicate<JsonObject> =>
  compileFilter(spell(filter), itemField);
