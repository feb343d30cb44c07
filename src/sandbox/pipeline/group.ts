import { comparableOf } from '../collections/comparable.ts';
import { notValid } from '../jobs/job-fault.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { compareScalars } from '../query/scalar.ts';
import type { Charge } from './budget.ts';
import { compileExpression, type Expression } from './expression.ts';
import { readList, readName, readObject, readOneOf } from './shape-fault.ts';
import type { Stage } from './stage.ts';

type Accumulate = (values: readonly JsonValue[]) => JsonValue;

const sumOf = (values: readonly JsonValue[]): number =>
  values.filter((value) => typeof value === 'number').reduce((total, value) => total + value, 0);

/** What no number can hold is nothing, as in expressions. */
const finite = (number: number): number | null => (Number.isFinite(number) ? number : null);

const averageOf: Accumulate = (values) => {
  const count = values.filter((value) => typeof value === 'number').length;
  return count === 0 ? null : finite(sumOf(values) / count);
};

/** Nothing is neither the least nor the most. */
const extremeOf =
  (sign: number): Accumulate =>
  (values) => {
    const [first = null, ...others] = values.filter((value) => value !== null);
    return others.reduce(
      (extreme, value) =>
        sign * compareScalars(comparableOf(value), comparableOf(extreme)) > 0 ? value : extreme,
      first,
    );
  };

const accumulations: ReadonlyMap<string, Accumulate> = new Map<string, Accumulate>([
  ['sum', (values) => finite(sumOf(values))],
  ['avg', averageOf],
  ['min', extremeOf(-1)],
  ['max', extremeOf(1)],
  ['first', (values) => values.at(0) ?? null],
  ['last', (values) => values.at(-1) ?? null],
  ['push', (values) => values],
]);

type Accumulator = {
  readonly name: string;
  readonly expression: Expression;
  readonly accumulate: Accumulate;
};

const most = 1000;

const compileAccumulator = (value: JsonValue, field: string): Accumulator => {
  const { resultFieldName, ...operator } = readObject(value, field);
  const name = readName(resultFieldName, `${field}.resultFieldName`);
  const { key, operand, path } = readOneOf(operator, field);
  const accumulate = accumulations.get(key);
  if (accumulate === undefined) throw notValid(`Accumulator '${key}' is not supported.`, { field: path });
  const expression = compileExpression(readObject(operand, path)['expression'], `${path}.expression`);
  return { name, expression, accumulate };
};

const compileGroupId = (value: JsonValue, field: string): { key: string; expression: Expression } => {
  const { key, expression } = readObject(value, field);
  return {
    key: readName(key, `${field}.key`),
    expression: compileExpression(expression, `${field}.expression`),
  };
};

/** One record a group, in order of appearance; the group's values are below `_id`, as CONTRACT 5.4 reads them. */
export const compileGroup = (operand: JsonValue, field: string): Stage => {
  const group = readObject(operand, field);
  const ids = readList(group['groupIds'], `${field}.groupIds`, most).map((value, index) =>
    compileGroupId(value, `${field}.groupIds[${index}]`),
  );
  const accumulators = readList(group['accumulators'], `${field}.accumulators`, most).map((value, index) =>
    compileAccumulator(value, `${field}.accumulators[${index}]`),
  );
  const idOf = (record: JsonObject, charge: Charge): JsonObject => {
    const id = Object.fromEntries(ids.map(({ key, expression }) => [key, expression(record)]));
    charge(id);
    return id;
  };
  return (records, charge) => {
    const groups = Map.groupBy(records, (record) => JSON.stringify(idOf(record, charge)));
    const accumulated = (members: readonly JsonObject[]): [string, JsonValue][] =>
      accumulators.map(({ name, expression, accumulate }) => {
        const value = accumulate(members.map(expression));
        charge(value);
        return [name, value];
      });
    return [...groups.values()].map((members) => ({
      _id: idOf(members[0] ?? {}, charge),
      ...Object.fromEntries(accumulated(members)),
    }));
  };
};
