import type { JsonValue } from '../json.ts';

export type Scalar = string | number | boolean | null;

export const isScalar = (value: JsonValue | undefined): value is Scalar =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const rank = (value: Scalar): number =>
  value === null ? 0 : typeof value === 'boolean' ? 1 : typeof value === 'number' ? 2 : 3;

/** A total order: nothing first, then booleans, numbers and texts by code unit. */
export const compareScalars = (left: Scalar, right: Scalar): number => {
  const byRank = rank(left) - rank(right);
  if (byRank !== 0 || left === null || right === null) return byRank;
  return left < right ? -1 : left > right ? 1 : 0;
};
