import { notValid } from '../jobs/job-fault.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { readCount, readList, readObject, ShapeFault } from './shape-fault.ts';
import { compileStage, type Stage } from './stage.ts';

const mostStages = 100;
const mostByCursor = 1000;

const pageStage =
  (offset: number, limit: number): Stage =>
  (records) =>
    records.slice(offset, offset + limit);

/** To protobuf a number that is missing is 0, and a limit of 0 is none. */
const readLimit = (value: JsonValue | undefined, field: string): number =>
  readCount(value ?? 0, field) || Number.POSITIVE_INFINITY;

const compilePaging = (pipeline: JsonObject, field: string): readonly Stage[] => {
  const paging = pipeline['paging'] ?? null;
  const cursorPaging = pipeline['cursorPaging'] ?? null;
  if (paging !== null && cursorPaging !== null) {
    throw new ShapeFault(field, 'must have at most one of paging, cursorPaging');
  }
  if (paging !== null) {
    const { offset, limit } = readObject(paging, `${field}.paging`);
    return [
      pageStage(readCount(offset ?? 0, `${field}.paging.offset`), readLimit(limit, `${field}.paging.limit`)),
    ];
  }
  if (cursorPaging === null) return [];
  const { cursor, limit } = readObject(cursorPaging, `${field}.cursorPaging`);
  if (cursor) throw notValid('A cursor inside a pipeline is not supported.');
  const count = readLimit(limit, `${field}.cursorPaging.limit`);
  if (count > mostByCursor && Number.isFinite(count)) {
    throw new ShapeFault(`${field}.cursorPaging.limit`, `must be at most ${mostByCursor}`);
  }
  return [pageStage(0, count)];
};

/** The stages of a pipeline in order. Throws a ShapeFault for a bad request, a JobFault for what is not supported. */
export const compilePipeline = (pipeline: JsonObject, field: string): readonly Stage[] => {
  const stages = readList(pipeline['stages'], `${field}.stages`, mostStages);
  const compiled = stages.map((stage, index) => compileStage(stage, `${field}.stages[${index}]`));
  return [...compiled, ...compilePaging(pipeline, field)];
};
