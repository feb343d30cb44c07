import { readPath } from '../collections/field-path.ts';
import { notValid } from '../jobs/job-fault.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Charge } from './budget.ts';
import { compileExpression } from './expression.ts';
import { readList, readName, readObject, readOneOf } from './shape-fault.ts';
import type { Stage } from './stage.ts';

/** `keeps`: a member of this kind lists what stays, so that all else goes. */
type Projection = {
  readonly keeps: boolean;
  readonly apply: (result: JsonObject, record: JsonObject, charge: Charge) => JsonObject;
};

const most = 1000;

const compileMember = (value: JsonValue, field: string): Projection => {
  const { key, operand, path } = readOneOf(value, field);
  const members = readObject(operand, path);
  if (key === 'include') {
    const name = readName(members['fieldName'], `${path}.fieldName`);
    return { keeps: true, apply: (result, record) => ({ ...result, [name]: readPath(record, name) }) };
  }
  if (key === 'exclude') {
    const name = readName(members['fieldName'], `${path}.fieldName`);
    return { keeps: false, apply: ({ [name]: _, ...result }) => result };
  }
  if (key === 'reshape') {
    const name = readName(members['resultFieldName'], `${path}.resultFieldName`);
    const expression = compileExpression(members['expression'], `${path}.expression`);
    return {
      keeps: true,
      apply: (result, record, charge) => {
        const value = expression(record);
        charge(value);
        return { ...result, [name]: value };
      },
    };
  }
  throw notValid(`Projection '${key}' is not supported.`, { field: path });
};

export const compileProjection = (operand: JsonValue, field: string): Stage => {
  const fields = readList(readObject(operand, field)['fields'], `${field}.fields`, most);
  const members = fields.map((value, index) => compileMember(value, `${field}.fields[${index}]`));
  const startsEmpty = members.some(({ keeps }) => keeps);
  return (records, charge) =>
    records.map((record) =>
      members.reduce((result, { apply }) => apply(result, record, charge), startsEmpty ? {} : record),
    );
};
