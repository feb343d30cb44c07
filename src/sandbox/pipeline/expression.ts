import { readPath } from '../collections/field-path.ts';
import { notValid } from '../jobs/job-fault.ts';
import { isList, type JsonObject, type JsonValue } from '../json.ts';
import { cellOf } from '../rows/cell.ts';
import { readList, readName, readObject, readOneOf, ShapeFault } from './shape-fault.ts';

/** A value computed from a record; null where it cannot be. */
export type Expression = (record: JsonObject) => JsonValue;

const mostOperands = 1000;

/** Computing with anything but numbers, and what no number can hold, is null as in a database. */
const arithmetic =
  (compute: (...numbers: readonly number[]) => number) =>
  (...values: readonly JsonValue[]): JsonValue => {
    const numbers = values.filter((value) => typeof value === 'number');
    const result = numbers.length === values.length ? compute(...numbers) : Number.NaN;
    return Number.isFinite(result) ? result : null;
  };

type Compute = (...values: readonly JsonValue[]) => JsonValue;

const longestText = 512 * 1024;

/** Joins with a look at the length each time: operands can be as long as they are many. */
const concat: Compute = (...values) => {
  let text = '';
  for (const value of values) {
    text += cellOf(value);
    if (text.length > longestText) throw notValid(`A text is longer than ${longestText} characters.`);
  }
  return text;
};

const sum = arithmetic((...numbers) => numbers.reduce((total, number) => total + number, 0));

const ofMany: ReadonlyMap<string, Compute> = new Map([
  ['add', sum],
  ['sum', sum],
  ['multiply', arithmetic((...numbers) => numbers.reduce((product, number) => product * number, 1))],
  ['concat', concat],
]);

const ofTwo: ReadonlyMap<string, Compute> = new Map([
  ['subtract', arithmetic((first = 0, second = 0) => first - second)],
  ['divide', arithmetic((first = 0, second = 0) => first / second)],
  ['mod', arithmetic((first = 0, second = 0) => first % second)],
]);

const ofOne: ReadonlyMap<string, Compute> = new Map<string, Compute>([
  ['abs', arithmetic((number = 0) => Math.abs(number))],
  ['floor', arithmetic((number = 0) => Math.floor(number))],
  ['ceil', arithmetic((number = 0) => Math.ceil(number))],
  ['stringify', (value) => cellOf(value)],
  ['toLower', (value) => cellOf(value).toLowerCase()],
  ['toUpper', (value) => cellOf(value).toUpperCase()],
  ['length', (value) => (isList(value) ? value.length : cellOf(value).length)],
]);

const substring: Compute = (text, start, length) => {
  if (typeof start !== 'number' || typeof length !== 'number') return null;
  return cellOf(text).slice(start, start + length);
};

const specialNumbers = new Set<JsonValue>(['NaN', 'Infinity', '-Infinity']);

const readNumeric = (value: JsonValue, field: string): JsonValue => {
  if (typeof value === 'number') return value;
  if (specialNumbers.has(value)) return null;
  throw new ShapeFault(field, 'must be a number');
};

const compileMembers = (operand: JsonValue, field: string, ...names: readonly string[]): Expression[] => {
  const members = readObject(operand, field);
  return names.map((name) => compileExpression(members[name], `${field}.${name}`));
};

const compileList = (operand: JsonValue, field: string): Expression[] =>
  readList(readObject(operand, field)['expressions'], `${field}.expressions`, mostOperands).map(
    (member, index) => compileExpression(member, `${field}.expressions[${index}]`),
  );

const applied =
  (compute: Compute, operands: readonly Expression[]): Expression =>
  (record) =>
    compute(...operands.map((operand) => operand(record)));

/** An expression of CONTRACT 5.4. */
export const compileExpression = (value: JsonValue | undefined, field: string): Expression => {
  const { key, operand, path } = readOneOf(value, field);
  if (key === 'fieldPath') {
    const name = readName(operand, path);
    return (record) => readPath(record, name) ?? null;
  }
  if (key === 'text') return () => operand;
  if (key === 'numeric') {
    const number = readNumeric(operand, path);
    return () => number;
  }
  const many = ofMany.get(key);
  if (many !== undefined) return applied(many, compileList(operand, path));
  const two = ofTwo.get(key);
  if (two !== undefined) {
    return applied(two, compileMembers(operand, path, 'firstExpression', 'secondExpression'));
  }
  const one = ofOne.get(key);
  if (one !== undefined) return applied(one, compileMembers(operand, path, 'expression'));
  if (key === 'substring') {
    const names = ['expression', 'startExpression', 'lengthExpression'];
    return applied(substring, compileMembers(operand, path, ...names));
  }
  throw notValid(`Expression '${key}' is not supported.`, { field: path });
};
