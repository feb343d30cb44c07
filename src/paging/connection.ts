import { badUserInput } from '../domain/gateway-error.ts';
import { maxPageSize, type Page, type PageRequest } from '../domain/page.ts';
import { beginning, type CursorCodec, type Position } from './cursor.ts';

export interface Edge<Node> {
  readonly node: Node;
  /** Encoded only when asked for. */
  cursor(): string;
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Where this page ends: also after a page without rows. */
  endCursor(): string | null;
}

export interface ConnectionArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export interface ConnectionSource<Node> {
  readonly codec: CursorCodec;
  fetch(page: PageRequest): Promise<Page<Node>>;
  /** Names a row, so that a place can be found again among rows that moved; null where rows have no name. */
  idOf(node: Node): string | null;
}

export const defaultFirst = 50;
// upstream may give short or empty pages; stop looking for more after this many
const maxCalls = 10;

const sizeOf = (first: number | null | undefined): number => {
  const size = first ?? defaultFirst;
  if (size < 1 || size > maxPageSize) {
    throw badUserInput(
      'first',
      `${size} is not between 1 and ${maxPageSize}, the size of one upstream page.`,
    );
  }
  return size;
};

const indexOfAnchor = <Node>(
  rows: readonly Node[],
  { anchor }: Position,
  idOf: (node: Node) => string | null,
): number => (anchor === null ? -1 : rows.findIndex((row) => idOf(row) === anchor));

/** How many of the rows lie before `position`: more than there are when it is on a later page. */
const rowsBefore = <Node>(
  rows: readonly Node[],
  position: Position,
  idOf: (node: Node) => string | null,
): number => {
  const anchored = indexOfAnchor(rows, position, idOf);
  if (anchored !== -1) return anchored + 1;
  const { anchor, offset } = position;
  // an anchor that is gone from its page has let the rows behind it move up
  return anchor !== null && offset <= rows.length ? offset - 1 : offset;
};

/** One page of a connection. Going on from its end costs one upstream call. */
export const connect = async <Node>(
  { first, after }: ConnectionArguments,
  { codec, fetch, idOf }: ConnectionSource<Node>,
): Promise<Connection<Node>> => {
  const size = sizeOf(first);
  const edges: Edge<Node>[] = [];
  let position = after === null || after === undefined ? beginning : codec.decode(after);
  let hasNextPage = true;

  /** A page that ends with the last row that is wanted: going on from there begins a page of upstream's. */
  const fetchFrom = async (from: Position, missing: number): Promise<Page<Node>> => {
    const limit = Math.min(maxPageSize, from.offset + missing);
    const page = await fetch({ limit, cursor: from.page });
    const isLost = from.anchor !== null && indexOfAnchor(page.rows, from, idOf) === -1;
    // new rows may have moved the place beyond that: the page whole may still have it
    return isLost && limit < maxPageSize && page.next !== null
      ? fetch({ limit: maxPageSize, cursor: from.page })
      : page;
  };

  for (let calls = 0; edges.length < size && hasNextPage && calls < maxCalls; calls += 1) {
    const from = position;
    const page = await fetchFrom(from, size - edges.length);
    const before = rowsBefore(page.rows, from, idOf);
    const start = Math.min(before, page.rows.length);
    const taken = page.rows.slice(start, start + size - edges.length);
    const end = start + taken.length;

    const placeAfter = (index: number): Position => {
      const row = page.rows[index];
      return index === page.rows.length - 1 && page.next !== null
        ? { page: page.next, offset: 0, anchor: null }
        : { page: from.page, offset: index + 1, anchor: row === undefined ? null : idOf(row) };
    };
    for (const [index, node] of taken.entries()) {
      edges.push({ node, cursor: () => codec.encode(placeAfter(start + index)) });
    }
    if (end < page.rows.length) {
      position = placeAfter(end - 1);
    } else if (page.next !== null) {
      const offset = before - start;
      position = { page: page.next, offset, anchor: offset === 0 ? null : from.anchor };
    } else {
      hasNextPage = false;
    }
  }

  const last = edges.at(-1);
  const resumeAt = position;
  return {
    edges,
    hasNextPage,
    hasPreviousPage: after !== null && after !== undefined,
    endCursor: () => (hasNextPage ? codec.encode(resumeAt) : (last?.cursor() ?? null)),
  };
};
