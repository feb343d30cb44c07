import { type JobStatus, knownJobStatuses } from '../domain/job.ts';
import type { Given, JobFilter, JobOrder, JobOrderField, JobStatusFilter } from '../domain/job-filter.ts';
import type { JsonObject } from '../domain/json.ts';

/** A filter in upstream's query language, or the two answers that need no asking. */
type WireFilter = JsonObject | 'all' | 'none';

const allOf = (filters: readonly WireFilter[]): WireFilter => {
  if (filters.includes('none')) return 'none';
  const conditions = filters.filter((filter) => typeof filter === 'object');
  const [first, ...others] = conditions;
  if (first === undefined) return 'all';
  return others.length === 0 ? first : { $and: conditions };
};

const anyOf = (filters: readonly WireFilter[]): WireFilter => {
  if (filters.includes('all')) return 'all';
  const conditions = filters.filter((filter) => typeof filter === 'object');
  const [first, ...others] = conditions;
  if (first === undefined) return 'none';
  return others.length === 0 ? first : { $or: conditions };
};

const negated = (filter: WireFilter): WireFilter => {
  if (filter === 'all') return 'none';
  return filter === 'none' ? 'all' : { $not: filter };
};

interface FieldConditions {
  readonly eq?: Given<string | Date>;
  readonly ne?: Given<string | Date>;
  readonly in?: Given<readonly string[]>;
  readonly gt?: Given<Date>;
  readonly gte?: Given<Date>;
  readonly lt?: Given<Date>;
  readonly lte?: Given<Date>;
  readonly startsWith?: Given<string>;
  readonly exists?: Given<boolean>;
}

const operators = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'startsWith', 'exists'] as const;

const fieldFilter = (fieldName: string, conditions: FieldConditions | null | undefined): WireFilter => {
  if (!conditions) return 'all';
  const wire: Record<string, JsonObject[string]> = {};
  for (const operator of operators) {
    const operand = conditions[operator];
    if (operand === null || operand === undefined) continue;
    // dates in a job query are plain ISO strings
    wire[`$${operator}`] = operand instanceof Date ? operand.toISOString() : operand;
  }
  if (conditions.in) {
    if (conditions.in.length === 0) return 'none';
    wire['$in'] = conditions.in;
  }
  return Object.keys(wire).length === 0 ? 'all' : { [fieldName]: wire };
};

/** UNRECOGNIZED is no status of upstream's: it stands for every status but the known ones. */
const isOneOf = (statuses: readonly JobStatus[]): WireFilter => {
  const known = statuses.filter((status) => status !== 'UNRECOGNIZED');
  return anyOf([
    fieldFilter('status', { in: known }),
    statuses.includes('UNRECOGNIZED') ? negated(fieldFilter('status', { in: knownJobStatuses })) : 'none',
  ]);
};

const statusFilter = (conditions: JobStatusFilter | null | undefined): WireFilter => {
  if (!conditions) return 'all';
  const { eq, ne, in: among } = conditions;
  return allOf([
    eq ? (eq === 'UNRECOGNIZED' ? isOneOf([eq]) : fieldFilter('status', { eq })) : 'all',
    ne ? (ne === 'UNRECOGNIZED' ? isOneOf(knownJobStatuses) : fieldFilter('status', { ne })) : 'all',
    among ? isOneOf(among) : 'all',
  ]);
};

/** Compiles to upstream's query language; members come in a fixed order, so equal filters compile equally. */
const toWireFilter = (filter: JobFilter): WireFilter =>
  allOf([
    fieldFilter('id', filter.id),
    fieldFilter('name', filter.name),
    statusFilter(filter.status),
    fieldFilter('startedAt', filter.startedAt),
    fieldFilter('finishedAt', filter.finishedAt),
    fieldFilter('scheduleId', filter.scheduleId),
    fieldFilter('workflowId', filter.workflowId),
    filter.and ? allOf(filter.and.map(toWireFilter)) : 'all',
    filter.or ? anyOf(filter.or.map(toWireFilter)) : 'all',
    filter.not ? negated(toWireFilter(filter.not)) : 'all',
  ]);

const fieldNames: Readonly<Record<JobOrderField, string>> = {
  ID: 'id',
  NAME: 'name',
  STATUS: 'status',
  STARTED_AT: 'startedAt',
  FINISHED_AT: 'finishedAt',
  SCHEDULE_ID: 'scheduleId',
  WORKFLOW_ID: 'workflowId',
};

const toWireSort = (orderBy: readonly JobOrder[]): JsonObject[] =>
  orderBy.map(({ field, direction }) => ({ fieldName: fieldNames[field], order: direction }));

/** A query compiled to upstream's language. Equal questions are equal as JSON, so it can name a cursor's scope. */
export interface JobQuery {
  readonly filter: WireFilter;
  readonly sort: readonly JsonObject[];
}

export const compileJobQuery = (filter: JobFilter, orderBy: readonly JobOrder[]): JobQuery => ({
  filter: toWireFilter(filter),
  sort: toWireSort(orderBy),
});
