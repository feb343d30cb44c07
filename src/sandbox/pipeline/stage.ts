import { comparableOf } from '../collections/comparable.ts';
import { readPath } from '../collections/field-path.ts';
import { sourceFilter } from '../collections/source-filter.ts';
import { notValid } from '../jobs/job-fault.ts';
import { isList, type JsonObject, type JsonValue } from '../json.ts';
import { comparePositions, type SortEntry } from '../query/sort.ts';
import type { Charge } from './budget.ts';
import { compileExpression } from './expression.ts';
import { compileGroup } from './group.ts';
import { compileProjection } from './projection.ts';
import { readCount, readList, readName, readObject, readOneOf, ShapeFault } from './shape-fault.ts';

/** Charges for what it makes, not for what it only passes on. */
export type Stage = (records: readonly JsonObject[], charge: Charge) => readonly JsonObject[];

type CompileStage = (operand: JsonValue, field: string) => Stage;

const most = 1000;

const compileFilter: CompileStage = (operand, field) => {
  const matches = sourceFilter(readObject(operand, field));
  return (records) => records.filter(matches);
};

const compileSortEntry = (value: JsonValue, field: string): SortEntry => {
  const { fieldName, order } = readObject(value, field);
  const direction = order ?? 'ASC';
  if (direction !== 'ASC' && direction !== 'DESC')
    throw new ShapeFault(`${field}.order`, 'must be ASC or DESC');
  return { fieldName: readName(fieldName, `${field}.fieldName`), order: direction };
};

const compileSort: CompileStage = (operand, field) => {
  const values = readList(readObject(operand, field)['values'], `${field}.values`, most);
  const sort = values.map((value, index) => compileSortEntry(value, `${field}.values[${index}]`));
  return (records, charge) =>
    records
      .map((record) => {
        const position = sort.map(({ fieldName }) => comparableOf(readPath(record, fieldName)));
        charge(position);
        return { record, position };
      })
      .sort((left, right) => comparePositions(sort, left.position, right.position))
      .map(({ record }) => record);
};

const compileUnwind: CompileStage = (operand, field) => {
  const name = readName(readObject(operand, field)['arrayFieldName'], `${field}.arrayFieldName`);
  return (records, charge) =>
    records.flatMap((record) => {
      const list = readPath(record, name);
      if (!isList(list)) return [];
      // The members are shared, the records that hold them are new.
      const shell = Object.keys(record).map(() => null);
      return list.map((member) => {
        charge(shell);
        return { ...record, [name]: member };
      });
    });
};

const compileAddFields: CompileStage = (operand, field) => {
  const fields = readList(readObject(operand, field)['fields'], `${field}.fields`, most);
  const added = fields.map((value, index) => {
    const { fieldName, expression } = readObject(value, `${field}.fields[${index}]`);
    return {
      name: readName(fieldName, `${field}.fields[${index}].fieldName`),
      expression: compileExpression(expression, `${field}.fields[${index}].expression`),
    };
  });
  return (records, charge) =>
    records.map((record) => {
      const values = added.map(({ name, expression }): [string, JsonValue] => {
        const value = expression(record);
        charge(value);
        return [name, value];
      });
      return { ...record, ...Object.fromEntries(values) };
    });
};

const compileSkip: CompileStage = (operand, field) => {
  const count = readCount(operand, field);
  return (records) => records.slice(count);
};

const compileLimit: CompileStage = (operand, field) => {
  const count = readCount(operand, field);
  return (records) => records.slice(0, count);
};

const stages: ReadonlyMap<string, CompileStage> = new Map([
  ['filter', compileFilter],
  ['sort', compileSort],
  ['skip', compileSkip],
  ['limit', compileLimit],
  ['group', compileGroup],
  ['projection', compileProjection],
  ['unwindArray', compileUnwind],
  ['addFields', compileAddFields],
]);

export const compileStage = (value: JsonValue, field: string): Stage => {
  const { key, operand, path } = readOneOf(value, field);
  const compile = stages.get(key);
  if (compile === undefined) throw notValid(`Stage '${key}' is not supported.`, { field: path });
  return compile(operand, path);
};
