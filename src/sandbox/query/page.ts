/** Where a walk stands: the page begins after this position, or ends before it. */
export type Place<Position> = { readonly direction: 'next' | 'prev'; readonly position: Position };

export type Page<Row> = {
  readonly rows: readonly Row[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
};

/** The page of ordered rows that follows a place or leads up to it; null is the beginning. */
export const pageOf = <Row, Position>(
  rows: readonly Row[],
  limit: number,
  place: Place<Position> | null,
  compare: (row: Row, position: Position) => number,
): Page<Row> => {
  const firstWhere = (accepts: (row: Row) => boolean): number => {
    const index = rows.findIndex(accepts);
    return index === -1 ? rows.length : index;
  };
  const slice = (start: number, end: number): Page<Row> => ({
    rows: rows.slice(start, end),
    hasNext: end < rows.length,
    hasPrevious: start > 0,
  });
  if (place === null) return slice(0, limit);
  const { direction, position } = place;
  if (direction === 'next') {
    const start = firstWhere((row) => compare(row, position) > 0);
    return slice(start, start + limit);
  }
  const end = firstWhere((row) => compare(row, position) >= 0);
  return slice(Math.max(0, end - limit), end);
};
