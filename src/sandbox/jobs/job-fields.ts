import { type FieldLookup, FilterFault, type FilterField } from '../query/filter.ts';
import type { Scalar } from '../query/scalar.ts';
import type { Job } from './job.ts';

const equality = ['$eq', '$ne', '$in', '$exists'];
const shared = ['$hasSome'];
const ranges = ['$gt', '$gte', '$lt', '$lte'];
const prefix = ['$startsWith'];

type Operand = JobField['operand'];

const text: Operand = (raw) => (raw === null || typeof raw === 'string' ? raw : undefined);

const guid: Operand = (raw) => (typeof raw === 'string' ? raw.toLowerCase() : text(raw));

const iso8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

const instant: Operand = (raw) => {
  if (typeof raw !== 'string') return text(raw);
  const time = iso8601.test(raw) ? Date.parse(raw) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
};

type JobField = Omit<FilterField<Job>, 'read'> & { readonly read: (job: Job) => Scalar };

const field = (
  read: JobField['read'],
  operand: JobField['operand'],
  ...operators: readonly (readonly string[])[]
): JobField => {
  const allowed = new Set(operators.flat());
  return { read, operand, allows: (operator) => allowed.has(operator) };
};

/** CONTRACT 10.1, row by row; every one of them can be sorted by. */
const jobFields: ReadonlyMap<string, JobField> = new Map([
  ['id', field((job) => job.id, guid, equality, shared, ranges, prefix)],
  ['name', field((job) => job.name, text, equality, shared, ranges, prefix)],
  ['scheduleId', field((job) => job.scheduleId, guid, equality, shared, ranges, prefix)],
  ['startedAt', field((job) => job.startedAt, instant, equality, shared, ranges)],
  ['finishedAt', field((job) => job.finishedAt, instant, equality, shared, ranges)],
  ['status', field((job) => job.status, text, equality, shared)],
  // $hasSome is in the published table only, and the table does not have this field.
  ['workflowId', field((job) => job.workflowId, guid, equality, ranges, prefix)],
]);

export const jobFilterField: FieldLookup<Job> = (name) => {
  const known = jobFields.get(name);
  if (known === undefined) throw new FilterFault(`Field '${name}' is not declared as filterable`);
  return known;
};

export const isSortableJobField = (name: string): boolean => jobFields.has(name);

export const readJobField = (job: Job, name: string): Scalar => jobFields.get(name)?.read(job) ?? null;
