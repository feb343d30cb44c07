import { compareScalars, type Scalar } from './scalar.ts';

export type SortEntry = { readonly fieldName: string; readonly order: 'ASC' | 'DESC' };

/** A row's values of the sort fields, and last its id: two rows never share a position. */
export type Position = readonly Scalar[];

export const comparePositions = (sort: readonly SortEntry[], left: Position, right: Position): number => {
  for (const [index, value] of left.entries()) {
    const order = compareScalars(value, right[index] ?? null);
    if (order !== 0) return sort[index]?.order === 'DESC' ? -order : order;
  }
  return 0;
};
