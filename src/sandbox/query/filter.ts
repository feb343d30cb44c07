import { isList, isObject, type JsonObject, type JsonValue } from '../json.ts';
import { compareScalars, isScalar, type Scalar } from './scalar.ts';

export type Predicate<Row> = (row: Row) => boolean;

/** What a filter may say of one field: which operators, and how an operand (undefined: an unfit one) is read. */
export type FilterField<Row> = {
  readonly read: (row: Row) => Scalar | readonly Scalar[];
  readonly allows: (operator: string) => boolean;
  readonly operand: (raw: JsonValue) => Scalar | undefined;
};

/** Finds a field by its name; throws a FilterFault for one that cannot be filtered by. */
export type FieldLookup<Row> = (name: string) => FilterField<Row>;

export class FilterFault extends Error {}

type Test = (value: Scalar) => boolean;
type Operator = (raw: JsonValue, operand: (raw: JsonValue) => Scalar) => Test;

const equals: Operator = (raw, operand) => {
  const wanted = operand(raw);
  return (value) => compareScalars(value, wanted) === 0;
};

const memberOf: Operator = (raw, operand) => {
  if (!isList(raw)) throw new FilterFault('A list of values is expected');
  const wanted = new Set(raw.map(operand));
  return (value) => wanted.has(value);
};

const ranked =
  (accepts: (order: number) => boolean): Operator =>
  (raw, operand) => {
    const bound = operand(raw);
    if (bound === null) throw new FilterFault('A range needs a bound');
    return (value) => typeof value === typeof bound && accepts(compareScalars(value, bound));
  };

const startsWith: Operator = (raw, operand) => {
  const prefix = operand(raw);
  if (typeof prefix !== 'string') throw new FilterFault('A prefix must be a text');
  return (value) => typeof value === 'string' && value.toLowerCase().startsWith(prefix.toLowerCase());
};

const positiveOperators: ReadonlyMap<string, Operator> = new Map([
  ['$eq', equals],
  ['$in', memberOf],
  ['$hasSome', memberOf],
  ['$gt', ranked((order) => order > 0)],
  ['$gte', ranked((order) => order >= 0)],
  ['$lt', ranked((order) => order < 0)],
  ['$lte', ranked((order) => order <= 0)],
  ['$startsWith', startsWith],
]);

const isOperatorObject = (value: JsonValue): value is JsonObject =>
  isObject(value) && Object.keys(value).some((key) => key.startsWith('$'));

const not =
  <Row>(predicate: Predicate<Row>): Predicate<Row> =>
  (row) =>
    !predicate(row);

const all =
  <Row>(predicates: readonly Predicate<Row>[]): Predicate<Row> =>
  (row) =>
    predicates.every((predicate) => predicate(row));

const any =
  <Row>(predicates: readonly Predicate<Row>[]): Predicate<Row> =>
  (row) =>
    predicates.some((predicate) => predicate(row));

/** A field that holds a list satisfies a test as soon as one member does. */
const reads =
  <Row>({ read }: FilterField<Row>, test: Test): Predicate<Row> =>
  (row) => {
    const value = read(row);
    return isScalar(value) ? test(value) : value.some(test);
  };

const compileOperator = <Row>(
  name: string,
  field: FilterField<Row>,
  operator: string,
  raw: JsonValue,
): Predicate<Row> => {
  if (!field.allows(operator)) {
    throw new FilterFault(`Operator '${operator}' is not supported for field '${name}'`);
  }
  const operand = (value: JsonValue): Scalar => {
    const scalar = field.operand(value);
    if (scalar !== undefined) return scalar;
    throw new FilterFault(`Field '${name}' cannot be compared with ${JSON.stringify(value).slice(0, 100)}`);
  };
  if (operator === '$ne') return not(reads(field, equals(raw, operand)));
  if (operator === '$exists') {
    if (typeof raw !== 'boolean') throw new FilterFault(`'$exists' of field '${name}' must be true or false`);
    return (row) => (field.read(row) !== null) === raw;
  }
  const positive = positiveOperators.get(operator);
  if (positive === undefined) throw new FilterFault(`Unknown operator '${operator}'`);
  return reads(field, positive(raw, operand));
};

const compileField = <Row>(name: string, condition: JsonValue, field: FilterField<Row>): Predicate<Row> =>
  isOperatorObject(condition)
    ? all(Object.entries(condition).map(([key, raw]) => compileOperator(name, field, key, raw ?? null)))
    : compileOperator(name, field, '$eq', condition);

const compileList = <Row>(operator: string, list: JsonValue, fields: FieldLookup<Row>): Predicate<Row>[] => {
  if (!isList(list) || list.length === 0) {
    throw new FilterFault(`'${operator}' needs a list of at least one filter`);
  }
  return list.map((member) => compileFilter(member, fields));
};

export const compileFilter = <Row>(filter: JsonValue, fields: FieldLookup<Row>): Predicate<Row> => {
  if (!isObject(filter)) throw new FilterFault('A filter must be an object');
  const compile = (key: string, value: JsonValue): Predicate<Row> => {
    if (key === '$and') return all(compileList(key, value, fields));
    if (key === '$or') return any(compileList(key, value, fields));
    if (key === '$not') return not(compileFilter(value, fields));
    return compileField(key, value, fields(key));
  };
  return all(Object.entries(filter).map(([key, value]) => compile(key, value ?? null)));
};
