import { GatewayError } from '../domain/gateway-error.ts';
import { maxPageSize, type Page, type PageRequest } from '../domain/page.ts';

/** So many unless said otherwise. */
const defaultMaxPages = 50;

/** Follows upstream's cursors to the end. Rather fails than leaves rows out. */
export const allPages = async <Row>(
  fetch: (page: PageRequest) => Promise<Page<Row>>,
  maxPages = defaultMaxPages,
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page: Page<Row> = await fetch({ limit: maxPageSize, cursor });
    rows.push(...page.rows);
    if (page.next === null) return rows;
    cursor = page.next;
  }
  throw new GatewayError(
    'QUERY_TOO_COMPLEX',
    `This would take more than ${maxPages} upstream pages. Ask for fewer jobs at a time, page through \`jobs\` with a filter, or subscribe with a later \`since\`.`,
  );
};
