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

/** The index of the first row after `position`. */
const startIn = <Node>(
  rows: readonly Node[],
  position: Position,
  idOf: (node: Node) => string | null,
): number => {
  const anchored = position.anchor === null ? -1 : rows.findIndex((row) => idOf(row) === position.anchor);
  return anchored === -1 ? Math.min(position.offset, rows.length) : anchored + 1;
};

/** A place in the middle of a page asks for that page whole: what moved since is then still on it. */
const limitAt = (position: Position, missing: number): number =>
  position.offset === 0 ? missing : maxPageSize;

/** One page of a connection. Going on from its end costs one upstream call. */
export const connect = async <Node>(
  { first, after }: ConnectionArguments,
  { codec, fetch, idOf }: ConnectionSource<Node>,
): Promise<Connection<Node>> => {
  const size = sizeOf(first);
  const edges: Edge<Node>[] = [];
  let position = after === null || after === undefined ? beginning : codec.decode(after);
  let hasNextPage = true;

  for (let calls = 0; edges.length < size && hasNextPage && calls < maxCalls; calls += 1) {
    const from = position;
    const page = await fetch({ limit: limitAt(from, size - edges.length), cursor: from.page });
    const start = startIn(page.rows, from, idOf);
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
      position = { page: page.next, offset: 0, anchor: null };
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
