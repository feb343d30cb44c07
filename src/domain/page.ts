/** What one call to a paged operation of upstream asks for. */
export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  /** Upstream's own cursor, null for the first page. */
  readonly cursor: string | null;
}

/** What it answers. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Upstream's cursor of the next page, null after the last. */
  readonly next: string | null;
}

/** The most rows that upstream gives on a page. */
export const maxPageSize = 100;
